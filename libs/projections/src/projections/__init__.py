"""The read side of any aggregate: projections from a topic to views, and their operation."""
