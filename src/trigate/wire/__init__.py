"""Sans-io framing: bytes to values and back. Nothing here knows a vendor."""
