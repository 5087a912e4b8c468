"""In-memory doubles of the stores, for tests and the demo."""
