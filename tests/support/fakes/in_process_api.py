"""In-process HTTP and gRPC servers of command-api over a memory store, and raw requests to them."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
from grpclib.client import Channel

import command_api.grpc_api
import command_api.http_api
from chassis.grpc.server import GrpcServer
from chassis.http.server import HttpServer
from chassis.limits.connections import LIMITS, Limits
from chassis.observability import telemetry, tracing
from chassis.process.health import Health
from chassis.testing import serving
from command_api.application import USER, Users
from eventstore.memory import MemoryEventStore
from http2.implementations import HTTP2
from user_contracts import descriptors
from user_contracts.proto.user.v1 import CreateRequest, UserCommandsStub

HOST = "127.0.0.1"
ANSWER_WITHIN = 30  # seconds; a response takes milliseconds on an idle machine


@dataclass(frozen=True)
class Ports:
    """Ports on the loopback address."""

    http: int
    grpc: int

    async def serve_others(self) -> None:
        """Raise unless both servers serve a well-behaved client."""
        async with (
            asyncio.timeout(ANSWER_WITHIN),
            aiohttp.ClientSession() as session,
            session.post(
                f"http://{HOST}:{self.http}/user", json={"first_name": "A", "last_name": "B"}
            ) as answer,
        ):
            assert answer.status == 201
        channel = Channel(HOST, self.grpc)
        try:
            request = CreateRequest(first_name="A", last_name="B")
            await UserCommandsStub(channel).create(request, timeout=ANSWER_WITHIN)
        finally:
            channel.close()


@asynccontextmanager
async def opened(http2: str = "own", limits: Limits = LIMITS) -> AsyncIterator[Ports]:
    """Run the servers, while the block runs; http2: name of the implementation."""
    telemetry.configure_logs("test", "critical")
    tracing.configure("test", None, 0)
    numbers = itertools.count(1)
    users = Users(
        USER,
        MemoryEventStore(USER),
        now=lambda: datetime.now(UTC),
        new_id=lambda _now: f"01890000-0000-7000-8000-{next(numbers):012x}",
    )
    http = HttpServer(command_api.http_api.routes(users), HOST, 0, grace=5, limits=limits)
    service = command_api.grpc_api.UserCommands(users)
    grpc = GrpcServer(
        [service], descriptors(), Health({}), HOST, 0, http2=HTTP2[http2], limits=limits
    )
    async with serving(http, grpc):
        yield Ports(http.port, grpc.port)


async def post(port: int, head: Sequence[str], pieces: Sequence[bytes]) -> int:
    """Return the status of POST /user with these header lines and body parts."""
    async with asyncio.timeout(ANSWER_WITHIN):
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            lines = ["POST /user HTTP/1.1", "Host: x", "Connection: close", *head, "", ""]
            writer.write("\r\n".join(lines).encode())
            for piece in pieces:
                writer.write(piece)
            await _drained(writer)
            line = await reader.readline()
        finally:
            writer.close()
    return int(line.split()[1])


async def _drained(writer: asyncio.StreamWriter) -> None:
    """Tolerate a response, and the end of the connection, before everything was sent."""
    try:
        await writer.drain()
    except ConnectionError:
        pass
