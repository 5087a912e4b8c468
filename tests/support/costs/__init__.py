"""What a test run costs: wall seconds, and CPU seconds with those of the started processes."""
