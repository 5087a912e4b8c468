"""Contracts, and how they may change."""
