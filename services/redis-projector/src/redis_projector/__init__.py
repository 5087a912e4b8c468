"""Projects user events into the Redis view."""

__version__ = "0.1.0"
