"""Checkers of the grammar of our own output streams, one per dialect; independent of what they check."""
