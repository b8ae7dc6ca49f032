"""The report: one HTML page about a project that needs no network, no scripts and no fonts of its own.

`material` reads the project, `sections` says it, `plots` draws it, `page` puts it together.
"""
