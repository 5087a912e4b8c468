"""What callers may take: connections, memory, concurrency."""
