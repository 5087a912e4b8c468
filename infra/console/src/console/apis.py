"""Proxy of the three APIs for the page: the same paths, headers and problems, nothing else."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from yarl import URL

from chassis.observability import tracing
from chassis.problems import Unavailable

ANSWER_WITHIN = 4.0  # seconds; query-api waits two for min_version, a call to MySQL may take three
MAX_ANSWER = 1024 * 1024  # bytes; a page of 100 users has at most about 100 kB
TO_API = ("Content-Type", "If-Match", "If-None-Match", "Idempotency-Key")
TO_PAGE = ("Content-Type", "ETag", "Location", "Link", "Retry-After")


@dataclass(frozen=True, slots=True)
class Answer:
    """Response of an API; times are monotonic."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    sent_at: float
    answered_at: float

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's 2xx

    @property
    def version(self) -> int:
        """Return the user's version from the response's ETag."""
        return int(self.headers["ETag"].strip('"'))

    def response(self) -> web.Response:
        """Return the response for the page."""
        return web.Response(status=self.status, headers=self.headers, body=self.body)


@dataclass(frozen=True, slots=True)
class Api:
    """Client of one API, with the API's name for error messages."""

    session: aiohttp.ClientSession
    name: str
    url: str

    async def forward(self, request: web.Request, body: bytes) -> Answer:
        """Forward the page's request; raise Unavailable when the API does not answer."""
        given = {name: request.headers.getall(name, ()) for name in TO_API}
        headers = {name: ", ".join(lines) for name, lines in given.items() if lines}
        return await self.request(request.method, str(request.rel_url), headers, body)

    async def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send one request; the path is already encoded. Raises Unavailable."""
        traceparent = tracing.traceparent()
        traced = {"traceparent": traceparent} if traceparent else {}
        sent_at = time.monotonic()
        try:
            async with (
                asyncio.timeout(ANSWER_WITHIN),
                self.session.request(
                    method,
                    URL(self.url + path, encoded=True),
                    headers={**(headers or {}), **traced},
                    data=body or None,
                    allow_redirects=False,
                ) as response,
            ):
                content = await read(response)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"{self.name} does not answer: {error!r}") from error
        kept = {name: response.headers[name] for name in TO_PAGE if name in response.headers}
        return Answer(response.status, kept, content, sent_at, time.monotonic())


async def read(response: aiohttp.ClientResponse) -> bytes:
    """Read the whole body; raise aiohttp.ClientPayloadError over MAX_ANSWER bytes."""
    content = bytearray()
    async for part in response.content.iter_any():
        content += part
        if len(content) > MAX_ANSWER:
            raise aiohttp.ClientPayloadError(f"the response exceeds {MAX_ANSWER} bytes")
    return bytes(content)
