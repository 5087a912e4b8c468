"""Finds users by name in the OpenSearch view."""

__version__ = "0.1.0"
