"""Where a project is kept: the queue and the record."""
