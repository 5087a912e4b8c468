"""Finds users by name in the OpenSearch view."""
