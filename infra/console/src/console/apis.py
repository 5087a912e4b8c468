"""The three APIs behind the page: the same paths, headers and problems, and nothing else."""

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
    """What an API answered; times are monotonic."""

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
        """The user's version that the answer is tagged with."""
        return int(self.headers["ETag"].strip('"'))

    def response(self) -> web.Response:
        """The same, for the page."""
        return web.Response(status=self.status, headers=self.headers, body=self.body)


@dataclass(frozen=True, slots=True)
class Api:
    """One of the three, with its own name for when it is away."""

    session: aiohttp.ClientSession
    name: str
    url: str

    async def forward(self, request: web.Request, body: bytes) -> Answer:
        """Pass the page's request on; raises Unavailable when the API does not answer."""
        given = {name: request.headers.getall(name, ()) for name in TO_API}
        headers = {name: ", ".join(lines) for name, lines in given.items() if lines}
        return await self.ask(request.method, str(request.rel_url), headers, body)

    async def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """One request; the path is encoded already. Raises Unavailable."""
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
    """The whole body; raises aiohttp.ClientPayloadError over MAX_ANSWER bytes."""
    content = bytearray()
    async for part in response.content.iter_any():
        content += part
        if len(content) > MAX_ANSWER:
            raise aiohttp.ClientPayloadError(f"the answer has over {MAX_ANSWER} bytes")
    return bytes(content)
