"""infra/k8s: manifests, an API server, the servers that production has."""
