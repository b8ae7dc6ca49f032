"""The screens as functions: state in, rows out."""
