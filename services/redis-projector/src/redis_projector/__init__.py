"""Projects user events into the Redis view."""
