"""Views in OpenSearch: writer, reader, generations and audit."""
