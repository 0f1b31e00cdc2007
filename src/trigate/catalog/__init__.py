"""Model facts and prices, as data. Used when a configuration is compiled; workers never import it."""
