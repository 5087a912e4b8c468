"""Restore the event store from a dump, and complete it from what was published since."""
