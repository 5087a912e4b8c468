"""Connectors, and the corpus of foreign DDL, for tests of change data capture."""
