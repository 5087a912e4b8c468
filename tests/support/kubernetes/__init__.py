"""infra/k8s: manifests, an API server, and servers configured as in production."""
