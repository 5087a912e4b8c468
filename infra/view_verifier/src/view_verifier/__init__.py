"""Verifier that compares every key of a view with the event store, and can repair it."""
