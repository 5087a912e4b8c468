"""Clients of one API from several addresses, for limits that apply to each client."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp


@asynccontextmanager
async def from_addresses(
    port: int, addresses: Iterable[str]
) -> AsyncIterator[dict[str, aiohttp.ClientSession]]:
    """Open a session for each loopback address, without a limit of connections."""
    async with AsyncExitStack() as stack:
        yield {
            address: await stack.enter_async_context(
                aiohttp.ClientSession(
                    f"http://127.0.0.1:{port}",
                    connector=aiohttp.TCPConnector(local_addr=(address, 0), limit=0),
                )
            )
            for address in addresses
        }
