"""Keeps the Debezium connector configured and running."""
