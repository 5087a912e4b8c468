"""The chaos suite: faults under load, judged from what clients saw."""
