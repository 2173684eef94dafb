"""Declared systems in PostgreSQL."""
