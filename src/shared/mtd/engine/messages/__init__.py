"""What the engine says of a diagram: codes with values, and their English text."""
