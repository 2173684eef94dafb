"""The read side: what operators and the command ask of orders."""
