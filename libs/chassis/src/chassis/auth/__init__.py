"""Authentication and authorization: scopes, JWTs, verification keys, rate limits."""
