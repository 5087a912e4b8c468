"""Servers of a test's own, and stores as their operators see them."""
