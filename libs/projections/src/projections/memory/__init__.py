"""Doubles of the stores, for tests and the demo."""
