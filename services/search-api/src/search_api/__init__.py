"""Searches users in the OpenSearch view."""
