"""Configuration of authentication and rate limits, and the authorizer built from it."""

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal, Self
from urllib.parse import urlsplit

import aiohttp
from pydantic import Field, model_validator

from chassis.auth.authorization import ALLOW_ALL, Authorizer
from chassis.auth.rate_limit import RateLimit
from chassis.process.health import Check
from chassis.process.settings import PublicSettings, is_loopback


class ApiSettings(PublicSettings):
    """Configuration of an API; tokens are required as soon as a verification key is configured."""

    http_port: int = Field(description="Port of the HTTP API.")
    grpc_port: int = Field(description="Port of the gRPC API.")
    jwks_url: str | None = Field(
        None,
        description="URL of the JWK Set with the keys that verify tokens (https).",
    )
    jwt_key: str | None = Field(
        None, description="Instead of JWKS_URL: the public key (PEM), or the JWK Set itself."
    )
    jwt_issuer: str | None = Field(None, description="Required `iss` claim of tokens.")
    jwt_audience: str | None = Field(None, description="Required `aud` claim of tokens.")
    rate_limit: int | None = Field(
        None,
        gt=0,
        description="Requests per minute and caller, for each process; unset: no limit.",
    )

    processes: int = Field(
        1,
        ge=0,
        description="Number of processes that serve HTTP_PORT and GRPC_PORT, with one ADMIN_PORT "
        "(Linux); 0: one for each CPU core. Each has its own limits and connections to stores; "
        "MAX_CLIENT_MEMORY is divided.",
    )
    reuse_port: bool = Field(
        False,  # noqa: FBT003 - pydantic's way to give a default
        description="Share HTTP_PORT and GRPC_PORT with other processes of the service on this "
        "machine: each new connection goes to one of them (Linux). Each needs its own ADMIN_PORT.",
    )

    http2: Literal["own", "h2"] = Field(
        "own",
        description="Implementation of HTTP/2 below gRPC: this project's own, or the library h2 "
        "within the same bounds (docs/decisions/0049).",
    )

    @property
    def process_count(self) -> int:
        if sys.platform != "linux":
            return self.processes or 1
        return self.processes or len(os.sched_getaffinity(0))

    @property
    def requires_tokens(self) -> bool:
        return bool(self.jwks_url or self.jwt_key)

    @model_validator(mode="after")
    def _can_have_processes(self) -> Self:
        if self.process_count > 1:
            if sys.platform != "linux":
                raise ValueError("PROCESSES above 1 requires Linux")
            if self.reuse_port:
                raise ValueError("PROCESSES and REUSE_PORT are mutually exclusive: set one of them")
            if any(0 in ports for ports in self.listening().values()):
                raise ValueError("PROCESSES above 1 requires fixed ports, not 0")
        return self

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.jwks_url and self.jwt_key:
            raise ValueError("JWKS_URL and JWT_KEY are mutually exclusive: set one of them")
        if self.requires_tokens and not (self.jwt_issuer and self.jwt_audience):
            raise ValueError("JWKS_URL and JWT_KEY also require JWT_ISSUER and JWT_AUDIENCE")
        if (self.jwt_issuer or self.jwt_audience) and not self.requires_tokens:
            raise ValueError("JWT_ISSUER and JWT_AUDIENCE require JWKS_URL or JWT_KEY")
        if self.jwt_key:
            from chassis.auth.jwks import parse  # noqa: PLC0415 - see access()

            parse(self.jwt_key)
        url = urlsplit(self.jwks_url or "https:")
        if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.hostname or "")):
            raise ValueError(
                "JWKS_URL must use https: a changed key set lets an attacker forge tokens"
            )
        return self


@dataclass(frozen=True, slots=True)
class Access:
    """The authorizer for HTTP and gRPC, and its readiness checks."""

    authorizer: Authorizer
    checks: Mapping[str, Check] = field(default_factory=dict)


@asynccontextmanager
async def access(settings: ApiSettings) -> AsyncIterator[Access]:
    """Build the authorizer from the settings; without tokens their libraries are not imported."""
    limit = RateLimit(settings.rate_limit) if settings.rate_limit else None
    if not settings.requires_tokens:
        yield Access(Authorizer(limit=limit) if limit else ALLOW_ALL)
        return
    from chassis.auth.jwks import FetchedKeys, GivenKeys, parse  # noqa: PLC0415 - cryptography:
    from chassis.auth.jwt import BearerTokens  # noqa: PLC0415 - 0.05 s of a start

    async with AsyncExitStack() as stack:
        keys: FetchedKeys | GivenKeys
        if settings.jwks_url:
            session = await stack.enter_async_context(aiohttp.ClientSession())
            keys = FetchedKeys(session, settings.jwks_url)
        else:
            keys = GivenKeys(parse(settings.jwt_key or ""))
        tokens = BearerTokens(keys, settings.jwt_issuer or "", settings.jwt_audience or "")
        yield Access(Authorizer(tokens.caller, limit), {"token keys": keys.ready})
