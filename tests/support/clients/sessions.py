"""Callers of one API from several addresses, for what is counted for each client."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp


@asynccontextmanager
async def from_addresses(
    port: int, addresses: Iterable[str]
) -> AsyncIterator[dict[str, aiohttp.ClientSession]]:
    """A session of each loopback address, with any number of connections, while the block runs."""
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
