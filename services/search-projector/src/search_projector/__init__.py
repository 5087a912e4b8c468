"""Projects user events into the OpenSearch view."""
