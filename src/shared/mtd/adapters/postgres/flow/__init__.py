"""Tokens in PostgreSQL: leases, commits, registrations, messages, circuits, timers."""
