"""Shared test support: a package, so that nothing of it is on sys.path."""
