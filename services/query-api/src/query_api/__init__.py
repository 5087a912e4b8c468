"""query-api: lists and gets users from the Redis view."""
