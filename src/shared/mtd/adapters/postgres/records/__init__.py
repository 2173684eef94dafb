"""Audit chains, the archive, erasure."""
