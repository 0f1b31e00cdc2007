"""The story of an exchange: `run` reads top to bottom. Decisions are made in `decide`; this does the I/O between them."""
