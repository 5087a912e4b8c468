"""Projects user events into the OpenSearch view."""

__version__ = "0.1.0"
