"""PostgreSQL: one connection, its schema and users; a folder for each capability."""
