"""One API wire shape per file, both halves: reads and writes requests, replies, stream events and errors. No I/O."""
