"""Who may call: scopes, JWTs, their keys, rate limits."""
