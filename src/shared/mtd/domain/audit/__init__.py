"""The audit chain, the archive's objects, and the erasure of a person's data."""
