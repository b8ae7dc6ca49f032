"""A reviewer's work on an item, as values: where its answers differ, and what was decided of that."""
