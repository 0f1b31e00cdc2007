"""`trigate status`: the running gateway, as its state directory shows it; no process of it has to answer."""
