"""Load, faults, and what the stores and the topic hold."""
