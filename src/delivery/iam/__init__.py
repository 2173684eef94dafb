"""What roles allow against what was called."""
