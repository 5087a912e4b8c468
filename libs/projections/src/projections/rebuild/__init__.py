"""Rebuild: build a new generation of a view next to the serving one, and switch."""
