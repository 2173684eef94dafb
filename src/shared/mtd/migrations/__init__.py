"""Expand-only schema migrations, applied in the order of their numbers by `migrate_database`."""
