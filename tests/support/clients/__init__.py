"""Clients of the APIs and of admin pages, as callers outside of the system have them."""
