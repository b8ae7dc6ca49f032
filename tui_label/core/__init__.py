"""What labeling means: values and functions; no clock, no I/O, no screen, no SQL."""
