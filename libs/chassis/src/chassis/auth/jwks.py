"""Keys that verify tokens: configured, or fetched from a JWK Set (RFC 7517)."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
import structlog
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import PyJWK, PyJWKSet, PyJWTError
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from chassis.problems import Unavailable

# Each key is used with one of these, by its own `alg` or by its type. A token's header can choose
# neither `none` nor HMAC, which would accept the public key as the secret.
ALGORITHMS = frozenset(
    ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
)
MAX_AGE = 300.0  # seconds until keys are fetched again; a withdrawn key is accepted for as long
PAUSE = 10.0  # minimum seconds between two fetches: anyone can make up unknown key ids
FETCH_WITHIN = 3.0  # seconds
MAX_SIZE = 256 * 1024  # bytes; a key takes about 500
log = structlog.get_logger()
Keys = Mapping[str | None, PyJWK]


def parse(text: str) -> Keys:
    """Return the keys of a JWK Set, or the key of a PEM file, by id; raises ValueError if none."""
    try:
        is_set = text.lstrip().startswith("{")
        found = PyJWKSet.from_dict(json.loads(text)).keys if is_set else [_pem(text)]
    except (PyJWTError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"neither a public key as PEM nor a JWK Set: {error}") from error
    keys = {
        key.key_id: key
        for key in found
        if key.algorithm_name in ALGORITHMS and key.public_key_use in (None, "sig")
    }
    if not keys:
        raise ValueError(f"no key with a supported algorithm ({', '.join(sorted(ALGORITHMS))})")
    return keys


def _pem(text: str) -> PyJWK:
    key: Any = load_pem_public_key(text.encode())
    for algorithm in (RSAAlgorithm, ECAlgorithm, OKPAlgorithm):
        try:
            return PyJWK.from_dict(algorithm.to_jwk(key, as_dict=True))
        except (PyJWTError, AttributeError):
            continue
    raise ValueError(f"unsupported key type {type(key).__name__}")


def choose(keys: Keys, key_id: str | None) -> PyJWK | None:
    """Return the key with this id; a key without an id verifies all tokens."""
    return keys.get(key_id) or keys.get(None)


class GivenKeys:
    """Keys from the configuration, fixed for the life of the process."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def find(self, key_id: str | None) -> PyJWK | None:
        return choose(self._keys, key_id)

    async def ready(self) -> None:
        """Return: configured keys are always available."""


class FetchedKeys:
    """Keys from a URL; fetched keys stay valid while the URL is unavailable."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url
        self._keys: Keys = {}
        self._fetching = asyncio.Lock()
        self._fetched_at = self._tried_at = float("-inf")

    async def find(self, key_id: str | None) -> PyJWK | None:
        """Return the key with this id, or None; raises Unavailable while there is no key at all."""
        now = time.monotonic()
        found = choose(self._keys, key_id)
        is_old = now - self._fetched_at > MAX_AGE and not self._fetching.locked()
        if found is None or is_old:
            await self._fetch(seen=self._fetched_at)
            found = choose(self._keys, key_id)
        await self.ready()
        return found

    async def ready(self) -> None:
        """Return if there are keys; raises Unavailable otherwise."""
        if not self._keys:
            await self._fetch(seen=self._fetched_at)
        if not self._keys:
            raise Unavailable("the token verification keys are unavailable")

    async def _fetch(self, seen: float) -> None:
        """Fetch, unless another task just did or tried; keeps the current keys on failure."""
        async with self._fetching:
            now = time.monotonic()
            if self._fetched_at != seen or now - self._tried_at < PAUSE:
                return
            self._tried_at = now
            try:
                self._keys = parse(await self._get())
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                log.warning("JWKS fetch failed", url=self._url, reason=repr(error))
            else:
                self._fetched_at = now

    async def _get(self) -> str:
        async with (
            asyncio.timeout(FETCH_WITHIN),
            self._session.get(self._url, allow_redirects=False) as response,
        ):
            if response.status != 200:  # noqa: PLR2004 - HTTP's OK
                raise ValueError(f"status {response.status}")
            body = bytearray()
            async for part in response.content.iter_any():
                body += part
                if len(body) > MAX_SIZE:
                    raise ValueError(f"over {MAX_SIZE} bytes")
            return body.decode()
