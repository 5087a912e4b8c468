"""The gRPC door: the same problems as HTTP, who may, limits, measurements, health, drain."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog
from betterproto import Message
from betterproto.casing import snake_case
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from grpclib.const import Status
from grpclib.encoding.base import CodecBase
from grpclib.events import RecvRequest, listen
from grpclib.exceptions import GRPCError
from grpclib.health.check import ServiceCheck
from grpclib.health.service import Health as HealthService
from grpclib.health.v1 import health_pb2
from grpclib.reflection.service import ServerReflection
from grpclib.server import Server, Stream
from h2.exceptions import StreamClosedError

from chassis import problems, telemetry, tracing
from chassis.access import ANYBODY, Gate, scope_of
from chassis.health import Health
from chassis.in_flight import InFlight
from chassis.problems import Problem

MAX_MESSAGE = 64 * 1024  # bytes, as for HTTP; grpclib itself has no limit
MESSAGE_WITHIN = 10.0  # seconds for a message to arrive, as for HTTP
log = structlog.get_logger()
_metadata: ContextVar[Mapping[str, Any]] = ContextVar("grpc_metadata")


def metadata(name: str) -> str | None:
    """An entry of the running call's metadata."""
    value = _metadata.get({}).get(name)
    return value if isinstance(value, str) else None


class GrpcServer:
    """gRPC services as a component; adds health, and reflection where callers may be anybody.

    grpclib's own close() cancels running calls, so draining is ours: new calls are answered
    UNAVAILABLE, running ones finish, then the server closes.
    """

    name = "grpc"

    def __init__(
        self,
        services: Sequence[Any],
        descriptors: bytes,
        health: Health,
        host: str,
        port: int,
        *,
        gate: Gate = ANYBODY,
    ) -> None:
        check = ServiceCheck(_grpc_check(health), check_ttl=1, check_timeout=3)
        served = [*services, HealthService({service: [check] for service in services})]
        if gate.is_open:  # who needs a token has our contracts, too
            served = ServerReflection.extend(served, pool=_pool(descriptors))
        self._server = Server(served, codec=Codec())
        self._gate = gate
        self._scopes = {name: scope for one in services for name, scope in _scopes(one)}
        listen(self._server, RecvRequest, self._on_request)
        self._socket = socket.create_server((host, port), backlog=1024)
        self.port: int = self._socket.getsockname()[1]
        self._in_flight = InFlight("grpc")
        self._is_draining = False

    async def serve(self) -> None:
        await self._server.start(sock=self._socket)
        await self._server.wait_closed()

    async def drain(self) -> None:
        self._is_draining = True
        await self._in_flight.end()
        self._server.close()
        await self._server.wait_closed()

    async def _on_request(self, event: RecvRequest) -> None:
        method_func, name, headers = event.method_func, event.method_name, event.metadata
        # Health watches and reflection: not worth waiting for, and open to all.
        is_endless = name.startswith("/grpc.")

        async def admit() -> None:
            address = event.peer.addr()
            token = headers.get("authorization")
            await self._gate.admit(
                self._scopes.get(name),
                token if isinstance(token, str) else None,
                address[0] if address else "",
            )

        async def counted(stream: Stream[Any, Any]) -> None:
            if self._is_draining:
                raise GRPCError(Status.UNAVAILABLE, "draining, try another replica")
            if is_endless:
                await method_func(stream)
                return
            with self._in_flight:
                told = {key: str(value) for key, value in headers.items()}
                await _call(method_func, stream, name, told, admit)

        event.method_func = counted


async def _call(
    method_func: Callable[[Stream[Any, Any]], Any],
    stream: Stream[Any, Any],
    name: str,
    headers: Mapping[str, str],
    admit: Callable[[], Awaitable[object]],
) -> None:
    _limit(stream)
    _metadata.set(headers)
    with telemetry.Request("grpc", "", name, headers) as outcome:
        try:
            with _caller_may_leave():
                await admit()
                await method_func(stream)
            outcome.status = "OK"
        except Problem as problem:
            outcome.status = problem.answer.grpc
            await _tell(stream, problem)
        except GRPCError as error:
            outcome.status = error.status.name
            raise
        except Exception as error:
            log.exception("unhandled", method=name, error=str(error))
            outcome.status = "INTERNAL"
            await _tell(stream, problems.Internal("the trace id finds it in our logs"))


async def _tell(stream: Stream[Any, Any], problem: Problem) -> None:
    extra = {"problem-type": f"urn:problem:{problem.kind}"}
    if (trace_id := tracing.trace_id()) is not None:
        extra["trace-id"] = trace_id
    extra |= {header.lower(): value for header, value in problem.headers.items()}
    with _caller_may_leave():
        await stream.send_trailing_metadata(
            status=Status[problem.answer.grpc], status_message=problem.told, metadata=extra
        )


@contextmanager
def _caller_may_leave() -> Iterator[None]:
    """Grpclib cancels the call of one who has left; where that was swallowed, answering fails."""
    try:
        yield
    except StreamClosedError as gone:
        raise asyncio.CancelledError from gone


def _scopes(service: Any) -> Iterator[tuple[str, str | None]]:
    """Each route of a service, and the scope that stands above the method of its name."""
    for route in service.__mapping__():
        method = snake_case(route.rpartition("/")[2])
        yield route, scope_of(getattr(service, method, None))


def _limit(stream: Stream[Any, Any]) -> None:
    """Refuse a message before reading it (grpclib would gather 4 GiB), a slow or a cut one."""
    receive = stream._stream.recv_data  # noqa: SLF001 - grpclib offers no other place for a limit
    is_prefix = False  # grpclib reads a message's prefix and its body in turn

    async def bounded(size: int) -> bytes:
        nonlocal is_prefix
        is_prefix = not is_prefix
        if size > MAX_MESSAGE:
            raise problems.TooLarge(f"a message may have {MAX_MESSAGE} bytes")
        try:
            async with asyncio.timeout(MESSAGE_WITHIN):
                data = await receive(size)
        except AssertionError as error:  # grpclib's way to say so
            raise problems.Invalid("the message ends before its end") from error
        except TimeoutError as error:
            raise problems.TooSlow(
                f"a message must arrive within {MESSAGE_WITHIN:.0f} s"
            ) from error
        if is_prefix:
            _check_prefix(data)
        elif len(data) < size:
            raise problems.Invalid("the message ends before its end")
        return data

    stream._stream.recv_data = bounded  # type: ignore[method-assign] # noqa: SLF001 - as above


def _check_prefix(prefix: bytes) -> None:
    """Refuse a call without a message, and a compressed message: grpclib takes both for bugs."""
    if not prefix:
        raise problems.Invalid("there is no message")
    if prefix[0]:
        raise GRPCError(Status.UNIMPLEMENTED, "send messages without compression")


class Codec(CodecBase):
    """betterproto messages; an answer that is bytes already goes out as it is."""

    __content_subtype__ = "proto"

    def encode(self, message: Any, message_type: Any) -> bytes:
        return message if isinstance(message, bytes) else _serialized(message)

    def decode(self, data: bytes, message_type: Any) -> Any:
        try:
            return message_type.FromString(data)
        except Exception as error:  # a parser of foreign bytes: it may raise anything
            raise problems.Invalid(f"the message is not a {message_type.__name__}") from error


def _serialized(message: Any) -> bytes:
    # health and reflection bring protobuf's own messages
    return bytes(message) if isinstance(message, Message) else message.SerializeToString()


def _grpc_check(health: Health) -> Callable[[], Any]:
    async def check() -> bool:
        return not await health.failures()

    return check


def _pool(descriptors: bytes) -> DescriptorPool:
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString(descriptors).file:
        pool.Add(file)
    pool.AddSerializedFile(health_pb2.DESCRIPTOR.serialized_pb)
    return pool
