"""APIs, projectors and stores in this process."""
