"""Suggestions from what people already run: word lists, Python, spaCy, any program.

All of it runs in a child process (`program`) that gets items and gives answers as lines of JSON, so that
what hangs, crashes or eats memory there costs nothing here; `worker` is the child of what is Python.
"""
