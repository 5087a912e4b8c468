"""The running test stack, its programs, and what can go wrong with it."""
