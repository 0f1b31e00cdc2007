"""The command line: reads arguments, prints to people, hands the work to the composition root."""
