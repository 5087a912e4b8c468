"""HTTP/1.1: the server, its limits, problem documents, pagination."""
