"""The token that a program of ours shows the APIs: out of a file, which may change at any time."""

from pathlib import Path

import aiohttp
from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse


def bearer_token_middleware(file: Path | None) -> tuple[ClientMiddlewareType, ...]:
    """Middlewares for a session that sends a file's content as bearer token; without one, nothing.

    The file is read for each request, since tokens end; an empty one is no token. One that cannot
    be read is told as aiohttp.ClientConnectionError.
    """
    if file is None:
        return ()

    async def show(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        if token := _read(file):
            request.headers["Authorization"] = f"Bearer {token}"
        return await handler(request)

    return (show,)


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise aiohttp.ClientConnectionError(f"no token in {file}") from error
