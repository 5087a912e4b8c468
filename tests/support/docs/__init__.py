"""Markdown pages: their commands, and the tests that they name."""
