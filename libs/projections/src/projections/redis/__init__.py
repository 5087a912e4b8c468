"""Views in Redis: writer, reader, generations and audit."""
