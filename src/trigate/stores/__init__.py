"""Back ends that keep state, one per file, behind the store port."""
