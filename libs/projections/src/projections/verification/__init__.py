"""A view compared with the events, and repaired."""
