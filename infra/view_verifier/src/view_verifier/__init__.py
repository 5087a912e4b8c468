"""Compares a view with the event store, every key, and repairs it."""
