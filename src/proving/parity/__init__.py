"""The same scenarios in both local backends."""
