"""Backups of a local instance: its database and the objects in its buckets, in one file."""
