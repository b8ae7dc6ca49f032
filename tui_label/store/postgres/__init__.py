"""A project in one schema of a PostgreSQL server."""
