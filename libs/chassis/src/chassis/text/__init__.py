"""Text rules, normalization and search folding, independent of Python's Unicode version."""
