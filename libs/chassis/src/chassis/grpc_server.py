"""The gRPC door: the same problems as HTTP, who may, limits, measurements, health, drain."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from betterproto import Message
from betterproto.casing import snake_case
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from grpclib.const import Handler, Status
from grpclib.encoding.base import CodecBase
from grpclib.exceptions import GRPCError
from grpclib.health.check import ServiceCheck
from grpclib.health.service import Health as HealthService
from grpclib.health.v1 import health_pb2
from grpclib.reflection.service import ServerReflection
from grpclib.server import Stream
from h2.exceptions import StreamClosedError

from chassis import error_log, problems, telemetry, tracing
from chassis.access import ANYBODY, Gate, scope_of
from chassis.grpc_transport import GrpcTransportServer
from chassis.health import Health
from chassis.in_flight import InFlight
from chassis.listening import listen
from chassis.problems import Problem

Call = Stream[Any, Any]
Method = Callable[[Call], Awaitable[None]]
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
        reuse_port: bool = False,
    ) -> None:
        check = ServiceCheck(_grpc_check(health), check_ttl=1, check_timeout=3)
        served = [*services, HealthService({service: [check] for service in services})]
        if gate.is_open:  # who needs a token has our contracts, too
            served = ServerReflection.extend(served, pool=_pool(descriptors))
        # Health watches and reflection: not worth waiting for, and open to all.
        around = [_Around(one, self._serve if one in services else self._watch) for one in served]
        self._server = GrpcTransportServer(around, codec=Codec())
        self._gate = gate
        self._scopes = {name: scope for one in services for name, scope in _scopes(one)}
        self._socket = listen(host, port, backlog=1024, reuse_port=reuse_port)
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

    async def _serve(self, route: str, method: Method, stream: Call) -> None:
        self._refuse_while_draining()
        with self._in_flight:
            call: Any = stream._stream  # noqa: SLF001 - grpclib has no other way to it
            call.has_one_message = True
            told = {name: str(value) for name, value in (stream.metadata or {}).items()}
            _metadata.set(told)
            with telemetry.Request("grpc", "", route, told) as outcome:
                outcome.status = await self._answered(route, method, stream)

    async def _answered(self, route: str, method: Method, stream: Call) -> str:
        """The status that the caller was told."""
        try:
            with _caller_may_leave():
                address = stream.peer.addr()
                await self._gate.admit(
                    self._scopes.get(route),
                    metadata("authorization"),
                    address[0] if address else "",
                )
                await method(stream)
        except Problem as problem:
            await _tell(stream, problem)
            return problem.answer.grpc
        except GRPCError as error:
            await stream.send_trailing_metadata(status=error.status, status_message=error.message)
            return error.status.name
        except Exception as error:  # noqa: BLE001 - one that is not known is logged
            error_log.unhandled(error, route)
            await _tell(stream, problems.Internal("the trace id finds it in our logs"))
            return "INTERNAL"
        return "OK"

    async def _watch(self, _route: str, method: Method, stream: Call) -> None:
        self._refuse_while_draining()
        await method(stream)

    def _refuse_while_draining(self) -> None:
        if self._is_draining:
            raise GRPCError(Status.UNAVAILABLE, "draining, try another replica")


class _Around:
    """A service of grpclib's, each call of which is handed to `serve` with its route."""

    def __init__(self, service: Any, serve: Callable[[str, Method, Call], Awaitable[None]]) -> None:
        self._handlers: Mapping[str, Handler] = {
            route: handler._replace(func=partial(serve, route, handler.func))
            for route, handler in service.__mapping__().items()
        }

    def __mapping__(self) -> Mapping[str, Handler]:
        return self._handlers


async def _tell(stream: Call, problem: Problem) -> None:
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
