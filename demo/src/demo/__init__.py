"""Demo: all five deployables in one process; the only package that may import them all."""
