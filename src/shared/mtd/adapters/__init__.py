"""The drivers behind the use cases' ports: PostgreSQL, AWS and the legacy systems."""
