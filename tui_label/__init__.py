"""A terminal interface for fast, keyboard-driven labeling of text and audio."""

__version__ = "0.1.0"
