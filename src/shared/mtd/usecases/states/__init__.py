"""The effect of each state on one order."""
