"""Bearer token for clients of the APIs, read from a file that may change at any time."""

from pathlib import Path

import aiohttp
from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse


def bearer_token_middleware(file: Path | None) -> tuple[ClientMiddlewareType, ...]:
    """Return aiohttp middlewares that send the file's content as bearer token; none without a file.

    The file is read for each request, since tokens expire; an empty file means no token.
    A request raises aiohttp.ClientConnectionError if the file cannot be read.
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
        raise aiohttp.ClientConnectionError(f"cannot read the token file {file}") from error
