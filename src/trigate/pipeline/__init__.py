"""The story of an exchange, in `run`. Decisions are made in `decide`; this does the I/O between them."""
