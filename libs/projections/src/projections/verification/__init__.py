"""Verification: compare a view with the event store, and repair it."""
