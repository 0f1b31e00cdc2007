"""Inbound protocols: from a request's path to an exchange. What a client speaks ends here; governance is below."""
