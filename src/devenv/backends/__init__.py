"""The local backends: embedded and Docker Compose, and the servers of each."""
