"""The audit chain's verification, the archive, and the erasure of persons."""
