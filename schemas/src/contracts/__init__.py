"""What the contracts of all aggregates have in common."""
