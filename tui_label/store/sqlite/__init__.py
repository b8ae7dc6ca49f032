"""A project in one SQLite file: how it is opened, written to in turn, looked after and salvaged."""
