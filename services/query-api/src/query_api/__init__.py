"""Lists and gets users from the Redis view."""

__version__ = "0.1.0"
