"""`trigate demo`: a gateway before a simulator on this machine, sample calls through it, and what became of them."""
