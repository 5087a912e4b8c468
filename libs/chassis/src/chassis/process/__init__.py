"""The process itself: its life, settings, health, ports and admin server."""
