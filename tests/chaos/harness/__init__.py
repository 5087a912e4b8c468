"""Load, faults, and readers of the stores and the topic."""
