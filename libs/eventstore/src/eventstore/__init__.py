"""The write side of any aggregate: commands in, events appended, nothing else written."""
