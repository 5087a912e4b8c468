"""The HTTP APIs of a view: the same for any aggregate."""
