"""Admission checks that a configuration may add. One module per kind: `Config` and `build(config)`."""
