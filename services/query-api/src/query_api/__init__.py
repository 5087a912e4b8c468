"""Lists and gets users from the Redis view."""
