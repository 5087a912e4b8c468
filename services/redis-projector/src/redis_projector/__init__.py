"""redis-projector: projects user events into the Redis view."""
