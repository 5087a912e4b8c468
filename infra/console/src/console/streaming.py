"""Streamed responses; a client that does not read them is disconnected."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from aiohttp import web

WRITE_WITHIN = 5.0  # seconds for the client to accept a part
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


async def streamed(
    request: web.Request, content_type: str, parts: AsyncGenerator[bytes, None]
) -> web.StreamResponse:
    """Send the parts as they come, until they end or the client has disconnected."""
    response = web.StreamResponse(headers={"Content-Type": content_type, **HEADERS})
    async with aclosing(parts):
        try:
            await response.prepare(request)
            async for part in parts:
                async with asyncio.timeout(WRITE_WITHIN):
                    await response.write(part)
        except (ConnectionError, TimeoutError):
            if request.transport is not None:
                request.transport.abort()
    return response
