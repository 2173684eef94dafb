"""Versions of processes: imported, activated, walked through."""
