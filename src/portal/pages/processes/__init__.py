"""Processes: imported, tried, transferred."""
