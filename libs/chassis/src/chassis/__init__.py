"""Infrastructure shared by all services: process, HTTP, gRPC, auth, stores, observability."""
