"""An API in this process, and clients of both its transports."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from grpclib.client import Channel
from grpclib.exceptions import GRPCError

from chassis.api_process import Api
from chassis.grpc.server import GrpcServer
from chassis.http.server import HttpServer
from chassis.process.health import Health
from chassis.testing import serving

HOST = "127.0.0.1"


@dataclass
class Clients:
    """Clients of both transports of one API."""

    session: aiohttp.ClientSession
    stub: Any

    async def http(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        async with self.session.request(method, path, **options) as response:
            return response.status, await response.json(content_type=None)

    async def refused(self, method: str, request: Any, metadata: Any = None) -> tuple[str, Any]:
        """Return the status and the message of a gRPC call that fails."""
        with pytest.raises(GRPCError) as refused:
            await getattr(self.stub, method)(request, metadata=metadata)
        return refused.value.status.name, refused.value.message


@asynccontextmanager
async def in_process(api: Api) -> AsyncIterator[tuple[aiohttp.ClientSession, Channel]]:
    """A session for its HTTP API, and a channel to its gRPC API, while the block runs."""
    http = HttpServer(api.routes, HOST, 0, grace=1)
    grpc = GrpcServer([api.service], api.descriptors, Health({}), HOST, 0)
    channel = Channel(HOST, grpc.port)
    async with (
        serving(http, grpc),
        aiohttp.ClientSession(f"http://{HOST}:{http.port}") as session,
    ):
        yield session, channel
        channel.close()
