"""Appends user events to MySQL; the only writer."""

__version__ = "0.1.0"
