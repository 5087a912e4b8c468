"""Contracts, and the changes that they permit."""
