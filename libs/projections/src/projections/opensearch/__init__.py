"""Views in OpenSearch: written, rebuilt beside each other, and audited."""
