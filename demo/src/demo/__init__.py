"""All five deployables in one process: the one place that may import them all."""
