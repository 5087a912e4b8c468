"""Connections, settings and error classification for stores and other servers."""
