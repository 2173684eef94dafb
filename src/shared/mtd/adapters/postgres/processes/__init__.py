"""Process versions."""
