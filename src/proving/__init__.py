"""What proves the system: load, faults, and equality of its local backends."""
