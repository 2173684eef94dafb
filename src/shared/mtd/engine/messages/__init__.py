"""The engine's messages about a diagram: codes with values, and their English text."""
