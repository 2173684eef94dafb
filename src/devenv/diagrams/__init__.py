"""Diagram files, and the demonstrations of processes."""
