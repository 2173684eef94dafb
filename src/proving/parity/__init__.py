"""Plays the same scenarios on both local backends and compares the records."""
