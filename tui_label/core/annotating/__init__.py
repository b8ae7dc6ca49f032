"""One person's work on an item, as values: `step(session, command) → session, effects`."""
