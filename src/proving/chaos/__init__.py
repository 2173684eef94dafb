"""Runs orders while functions, database, queues and legacy systems fail."""
