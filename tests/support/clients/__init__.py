"""Clients of the APIs and of admin ports, as used outside of the system."""
