"""Proves the system: load (stress), faults (chaos), and equality of its local backends (parity)."""
