"""A token issuer for tests: one key for each algorithm, and forged tokens."""

import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER, AUDIENCE = "https://issuer.test", "people"
SCOPES = "users:read users:write users:history"
Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
EDDSA = ed25519.Ed25519PrivateKey.generate()
KEYS: dict[str, Private] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": EDDSA,
}
STRANGERS = ed25519.Ed25519PrivateKey.generate()
"""A key that no verifier knows."""


def token(
    scope: str = SCOPES,
    *,
    algorithm: str = "EdDSA",
    key: Any = None,
    key_id: str | None = "",
    without: str = "",
    **claims: Any,
) -> str:
    """Return a valid token, apart from the given changes; its key's id is the algorithm's name."""
    whole = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ann",
        "exp": time.time()
        + 86_400,  # longer than any test run: an invalid token is to be invalid for one reason
        "scope": scope,
    } | claims
    whole.pop(without, None)
    headers = {"kid": algorithm if key_id == "" else key_id} if key_id is not None else {}
    return jwt.encode(whole, key or KEYS[algorithm], algorithm, headers=headers)


def jwk(algorithm: str, key: Private | None = None, key_id: str | None = None) -> dict[str, Any]:
    """Return a public key as an entry of a JWK Set."""
    kind: Any = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}[algorithm]
    public = (key or KEYS[algorithm]).public_key()
    entry: dict[str, Any] = kind.to_jwk(public, as_dict=True)
    return entry | {"kid": key_id or algorithm}


def bearer(text: str) -> dict[str, str]:
    """Return the header or metadata that carries a token."""
    return {"authorization": f"Bearer {text}"}
