"""Supervisor that keeps the Debezium connector configured and running."""
