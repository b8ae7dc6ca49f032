"""What is said of a project: `status` and `agreement` as lines and as JSON; and one HTML page that needs no network, no
scripts and no fonts of its own.

`material` reads the project, `sections` says it, `plots` draws it, `page` puts it together.
"""
