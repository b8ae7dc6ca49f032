"""How good the answers are: agreement, consensus, known answers, pace, and the report of it.

Values in, values out: nothing here opens a database or a screen.
"""
