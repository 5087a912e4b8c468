"""Keys come from a file or a URL, which may change them, be slow, be wrong, or be unavailable."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chassis.auth import jwks
from chassis.auth.jwks import FetchedKeys, parse
from chassis.http.server import HttpServer
from chassis.problems import Unavailable
from chassis.testing import serving
from tests.support.clients.tokens import KEYS, jwk


def pem(key: Any) -> str:
    public: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return public.decode()


@dataclass
class Issuer:
    """Serves a JWK Set, and counts the requests."""

    entries: list[dict[str, Any]] = field(default_factory=lambda: [jwk("EdDSA")])
    status: int = 200
    requests: int = 0

    async def key_set(self, _request: web.Request) -> web.Response:
        self.requests += 1
        return web.json_response({"keys": self.entries}, status=self.status)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def keys(issuer: Issuer) -> AsyncIterator[FetchedKeys]:
    http = HttpServer([web.get("/keys", issuer.key_set)], "127.0.0.1", 0, grace=1)
    async with serving(http), aiohttp.ClientSession() as session:
        yield FetchedKeys(session, f"http://127.0.0.1:{http.port}/keys")


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_pem_file_is_one_key_for_its_own_algorithm(algorithm: str) -> None:
    (key,) = parse(pem(KEYS[algorithm])).values()
    assert key.algorithm_name == algorithm


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"keys": []}',
        '{"keys": 7}',
        "[]",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        pem(x25519.X25519PrivateKey.generate()),
        json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0c2VjcmV0", "alg": "HS256"}]}),
        json.dumps({"keys": [jwk("RS256") | {"use": "enc"}]}),
    ],
)
def test_text_without_a_signature_key_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r"key"):
        parse(text)


def test_symmetric_key_in_the_set_is_ignored() -> None:
    secret = {"kty": "oct", "k": "c2VjcmV0c2VjcmV0", "alg": "HS256", "kid": "s"}
    assert parse(json.dumps({"keys": [secret, jwk("ES256")]})).keys() == {"ES256"}


async def test_known_keys_are_fetched_once(issuer: Issuer, keys: FetchedKeys) -> None:
    for _ in range(5):
        assert await keys.find("EdDSA")
    assert issuer.requests == 1


async def test_new_key_is_fetched_and_unknown_ids_are_rate_limited(
    issuer: Issuer, keys: FetchedKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await keys.find("EdDSA")
    for number in range(20):
        assert await keys.find(f"made up {number}") is None
    assert issuer.requests == 1
    monkeypatch.setattr(jwks, "PAUSE", 0)
    issuer.entries.append(jwk("ES256"))
    assert await keys.find("ES256")
    assert issuer.requests == 2


async def test_old_keys_are_refreshed_and_withdrawn_ones_removed(
    issuer: Issuer, keys: FetchedKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await keys.find("EdDSA")
    issuer.entries = [jwk("ES256")]
    monkeypatch.setattr(jwks, "PAUSE", 0)
    monkeypatch.setattr(jwks, "MAX_AGE", 0)
    assert await keys.find("EdDSA") is None
    assert await keys.find("ES256")


@pytest.mark.parametrize("wrong", ["status", "no keys", "too large"])
async def test_keys_stay_while_the_url_is_unavailable(
    issuer: Issuer, keys: FetchedKeys, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    assert await keys.find("EdDSA")
    monkeypatch.setattr(jwks, "PAUSE", 0)
    monkeypatch.setattr(jwks, "MAX_AGE", 0)
    if wrong == "status":
        issuer.status = 503
    else:
        issuer.entries = [] if wrong == "no keys" else [jwk("ES256", key_id="x" * 300_000)]
    assert await keys.find("EdDSA")
    assert issuer.requests == 2


async def test_without_any_key_requests_are_unavailable(
    issuer: Issuer, keys: FetchedKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.status = 503
    for call in (keys.ready(), keys.find("EdDSA")):
        with pytest.raises(Unavailable):
            await call
    issuer.status = 200
    monkeypatch.setattr(jwks, "PAUSE", 0)
    await keys.ready()
    assert await keys.find("EdDSA")
