"""The chaos suite: faults under load, verified against the responses that clients received."""
