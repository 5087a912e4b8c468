"""What every process needs of the stores and servers that it calls."""
