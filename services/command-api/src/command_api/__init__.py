"""Appends user events to MySQL; the only writer."""
