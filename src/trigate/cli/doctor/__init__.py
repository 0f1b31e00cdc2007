"""`trigate doctor`: looks at the machine and the network for what keeps a gateway from working here."""
