"""The read side of any aggregate: from a topic to views, and rebuilt."""
