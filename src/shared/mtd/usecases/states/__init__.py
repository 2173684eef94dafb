"""What each state does to one order."""
