"""The write side of any aggregate: command handling, and the event store."""
