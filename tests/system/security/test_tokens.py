"""Tokens that must be rejected over HTTP and gRPC, and those that must be accepted."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from yarl import URL

from chassis.auth.jwks import GivenKeys, parse
from chassis.auth.jwt import LEEWAY, BearerTokens
from chassis.problems import Unauthenticated
from chassis.testing import eventually
from tests.support.clients.tokens import (
    AUDIENCE,
    EDDSA,
    ISSUER,
    KEYS,
    STRANGERS,
    bearer,
    jwk,
    token,
)
from tests.support.schemas import contract

NOW = time.time()


def part(content: object) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def unsigned(header: dict[str, str]) -> str:
    """Return the claims of a valid token under another header, without a signature."""
    return f"{part(header)}.{token().split('.')[1]}."


def signed_with_a_public_key(algorithm: str, *, pem: bool) -> str:
    """Return an HMAC with the public key as its secret, under the key's own id."""
    public = KEYS[algorithm].public_key()
    secret = (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        if pem
        else json.dumps(jwk(algorithm)).encode()
    )
    text = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': algorithm})}.{token().split('.')[1]}"
    return f"{text}.{part(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def under_another_name(algorithm: str) -> str:
    """Return a valid signature by a known key, labelled as another algorithm."""
    text = f"{part({'alg': algorithm, 'kid': 'EdDSA'})}.{token().split('.')[1]}"
    return f"{text}.{part(EDDSA.sign(text.encode()))}"


def other_claims() -> str:
    """Return a valid token's signature with changed claims."""
    header, claims, signature = token("users:read").split(".")
    text = json.loads(base64.urlsafe_b64decode(claims + "=="))
    return f"{header}.{part(text | {'scope': 'users:read users:write'})}.{signature}"


BAD = {
    "expired": token(exp=NOW - 120),
    "without an end": token(without="exp"),
    "not in force yet": token(nbf=NOW + 3600),
    "of another issuer": token(iss="https://issuer.test.evil.test"),
    "without an issuer": token(without="iss"),
    "for another audience": token(aud="shop"),
    "for other audiences": token(aud=["shop", "peoples"]),
    "without an audience": token(without="aud"),
    "without a subject": token(without="sub"),
    "of a subject that is no text": token(sub=7),
    "signed by a stranger": token(key=STRANGERS),
    "of an unknown key": token(key=STRANGERS, key_id="another"),
    "without a key's id": token(key_id=None),
    "not signed": unsigned({"alg": "none", "typ": "JWT"}),
    "not signed, with a key's id": unsigned({"alg": "none", "kid": "EdDSA"}),
    "not signed, in capitals": unsigned({"alg": "NONE", "kid": "RS256"}),
    "not signed, as if it were": unsigned({"alg": "EdDSA", "kid": "EdDSA"}),
    "HMAC with the public key": signed_with_a_public_key("RS256", pem=True),
    "HMAC with the JWK": signed_with_a_public_key("EdDSA", pem=False),
    "of another algorithm than its key's": token(algorithm="EdDSA", key_id="ES256"),
    "RSA of another kind than the key's": token(
        algorithm="PS256", key=KEYS["RS256"], key_id="RS256"
    ),
    "rightly signed, as another algorithm": under_another_name("ES256"),
    "rightly signed, as HMAC": under_another_name("HS256"),
    "rightly signed, as none": under_another_name("none"),
    "with changed claims": other_claims(),
    "cut short": token()[:-10],
    "of two parts": token().rpartition(".")[0],
    "of one word": "token",
    "empty": "",
    "huge": "a" * 7000 + "." + "b" * 500 + ".c",
    "whose key's id is no text": f"{part({'alg': 'EdDSA', 'kid': ['EdDSA']})}.{part({})}.eA",
    "whose key's id is a path": token(key_id="../../etc/passwd"),
}
GOOD: dict[str, Callable[[], str]] = {  # created when they are sent
    **{algorithm: partial(token, algorithm=algorithm) for algorithm in KEYS},
    "ended within the leeway": lambda: token(exp=time.time() - 10),
    "in force within the leeway": lambda: token(nbf=time.time() + 30),
    "for several audiences": lambda: token(aud=["shop", "people"]),
}


INVALID = 'Bearer realm="api", error="invalid_token"'


@pytest.fixture
def queries(apis: Any) -> Any:
    return apis[1]


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
async def test_invalid_token_is_rejected(text: str, servers: Any, queries: Any) -> None:
    url = servers.urls["query-api"] + "/user"
    async with servers.session.get(url, headers=bearer(text)) as response:
        assert (response.status, response.headers["WWW-Authenticate"]) == (401, INVALID)
        await contract.check("query-api", response)
    status, body = await servers.call(queries, "/user.v1.UserQueries/List", bearer(text))
    assert (status, body["www-authenticate"]) == ("UNAUTHENTICATED", INVALID)


@pytest.mark.parametrize("made", GOOD.values(), ids=GOOD.keys())
async def test_valid_token_is_accepted(made: Callable[[], str], servers: Any, queries: Any) -> None:
    text = made()
    for _ in range(2):  # the second time from the cache
        url = servers.urls["query-api"] + "/user"
        async with servers.session.get(url, headers=bearer(text)) as response:
            assert response.status == 200
        status, _ = await servers.call(queries, "/user.v1.UserQueries/List", bearer(text))
        assert status == "OK"


@pytest.mark.parametrize(
    "header", ["Basic YW5uOnB3", token(), "Bearer", "", "Bearer\tx", f"Digest {token()}"]
)
async def test_other_authorization_scheme_is_401(header: str, servers: Any) -> None:
    url, headers = servers.urls["query-api"] + "/user", {"Authorization": header}
    async with servers.session.get(url, headers=headers) as response:
        assert response.status == 401


@pytest.mark.parametrize("text", ["\u00ff\u00fe.\u00ff.\u00ff", "\udcff.\udcfe.x"])
async def test_non_text_authorization_header_is_rejected(text: str, servers: Any) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", URL(servers.urls["query-api"]).port)
    head = f"GET /user HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {text}\r\n\r\n"
    writer.write(head.encode(errors="surrogateescape"))
    assert (await reader.readline()).startswith((b"HTTP/1.1 401", b"HTTP/1.1 400"))
    writer.close()


async def test_non_text_scope_claim_grants_no_scope(servers: Any) -> None:
    others: list[Any] = [["users:read"], None, {"users:read": True}]
    for scope in others:
        url, headers = servers.urls["query-api"] + "/user", bearer(token(scope=scope))
        async with servers.session.get(url, headers=headers) as response:
            assert response.status == 403


async def test_cached_token_expires_on_time() -> None:
    keys = parse(json.dumps({"keys": [jwk("EdDSA")]}))
    tokens = BearerTokens(GivenKeys(keys), ISSUER, AUDIENCE)
    short = token(exp=time.time() - LEEWAY + 2)
    assert (await tokens.caller(f"Bearer {short}")).subject == "ann"

    async def is_over() -> None:
        with contextlib.suppress(Unauthenticated):
            await tokens.caller(f"Bearer {short}")
            raise AssertionError

    await eventually(is_over)
