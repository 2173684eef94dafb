"""Commands that prove the system under load and faults."""
