"""An API in this process, and clients of both its transports."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from grpclib.client import Channel

from chassis.api_process import Api
from chassis.grpc.server import GrpcServer
from chassis.http.server import HttpServer
from chassis.process.health import Health
from chassis.testing import serving

HOST = "127.0.0.1"


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
