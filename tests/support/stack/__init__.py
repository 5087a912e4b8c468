"""The running test stack, its programs, and faults that can be injected."""
