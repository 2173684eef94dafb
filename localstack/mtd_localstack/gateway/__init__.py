"""The address of AWS: its server, and what it serves besides."""
