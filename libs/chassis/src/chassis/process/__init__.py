"""The process: lifecycle, settings, health, ports and admin server."""
