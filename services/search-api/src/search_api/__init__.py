"""search-api: searches users in the OpenSearch view."""
