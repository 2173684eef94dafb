"""The declarations of connected systems, and the figures of their calls."""
