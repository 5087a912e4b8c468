"""The event store in MySQL."""
