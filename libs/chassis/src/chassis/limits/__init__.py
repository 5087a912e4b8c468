"""Limits on clients: connections, memory, concurrency."""
