"""gRPC server: errors as for HTTP, authorization, limits, metrics, health, graceful drain."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from betterproto.casing import snake_case
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.health.check import ServiceCheck
from grpclib.health.service import Health as HealthService
from grpclib.health.v1 import health_pb2
from grpclib.reflection.service import ServerReflection

from chassis import problems
from chassis.auth.authorization import ALLOW_ALL, Authorizer, scope_of
from chassis.grpc.calls import Call, CallerMayLeave, Method, WrappedService, in_time, send_error
from chassis.grpc.codec import Codec
from chassis.grpc.transport import GrpcTransportServer
from chassis.limits.connections import LIMITS, Connections, Limits
from chassis.observability import error_log, telemetry
from chassis.observability.telemetry import CLIENT_GONE
from chassis.problems import Problem
from chassis.process.health import Health
from chassis.process.in_flight import InFlight
from chassis.process.listening import listen
from http2.connection import Http2Connection
from http2.implementations import Http2

_metadata: ContextVar[Mapping[str, Any]] = ContextVar("grpc_metadata")


def metadata(name: str) -> str | None:
    """Return an entry of the running call's metadata, or None."""
    value = _metadata.get({}).get(name)
    return value if isinstance(value, str) else None


class GrpcServer:
    """gRPC server component; adds health, and reflection if callers are not authenticated.

    grpclib's own close() cancels running calls, so drain() is ours: new calls get UNAVAILABLE,
    running ones finish, then the server closes.
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
        authorizer: Authorizer = ALLOW_ALL,
        reuse_port: bool = False,
        limits: Limits = LIMITS,
        http2: type[Http2] = Http2Connection,
    ) -> None:
        check = ServiceCheck(_grpc_check(health), check_ttl=1, check_timeout=3)
        served = [*services, HealthService({service: [check] for service in services})]
        if authorizer.is_open:  # clients with a token have the contracts
            served = ServerReflection.extend(served, pool=_pool(descriptors))
        wrapped = [
            WrappedService(one, self._serve if one in services else self._watch) for one in served
        ]
        self._connections = Connections("grpc", limits)
        self._server = GrpcTransportServer(wrapped, Codec(), self._connections, http2)
        self._authorizer = authorizer
        self._scopes = {name: scope for one in services for name, scope in _scopes(one)}
        self._socket = listen(host, port, backlog=1024, reuse_port=reuse_port)
        self.port: int = self._socket.getsockname()[1]
        self._in_flight = InFlight("grpc")
        self._is_draining = False
        self._drained = asyncio.Event()

    async def serve(self) -> None:
        await self._server.start(sock=self._socket)
        await self._connections.watch(self._drained)

    def cut(self) -> int:
        """Close the connections of clients that delay shutdown; return how many there were."""
        self._in_flight.cancel()
        return self._connections.abort()

    async def drain(self) -> None:
        self._is_draining = True
        await self._in_flight.end()
        self._server.close()
        await self._server.calls_ended()
        self._drained.set()

    async def _serve(self, route: str, method: Method, stream: Call) -> None:
        self._refuse_while_draining()
        entries = {name: str(value) for name, value in (stream.metadata or {}).items()}
        _metadata.set(entries)
        with self._in_flight, telemetry.Request("grpc", "", route, entries) as outcome:
            outcome.status = CLIENT_GONE  # unless a response is sent
            outcome.status = await self._answered(route, self._admitting(route, method), stream)

    async def _watch(self, route: str, method: Method, stream: Call) -> None:
        """Serve health and reflection: public, not awaited by drain, counted only on failure."""
        self._refuse_while_draining()
        status = await self._answered(route, method, stream)
        if status != "OK":
            telemetry.count_refused("grpc", route, status)

    def _admitting(self, route: str, method: Method) -> Method:
        async def admitted(stream: Call) -> None:
            address = stream.peer.addr()
            await self._authorizer.admit(
                self._scopes.get(route),
                metadata("authorization"),
                address[0] if address else "",
            )
            await method(stream)

        return admitted

    async def _answered(self, route: str, method: Method, stream: Call) -> str:
        """Return the status sent to the client; raises CancelledError if it has disconnected."""
        try:
            with CallerMayLeave():
                await in_time(method, stream)
        except Problem as problem:
            await send_error(stream, problem)
            return problem.status.grpc
        except GRPCError as error:
            with CallerMayLeave():
                await stream.send_trailing_metadata(
                    status=error.status, status_message=error.message
                )
            return error.status.name
        except Exception as error:  # noqa: BLE001 - an unknown error is logged
            error_log.unhandled(error, route)
            await send_error(
                stream, problems.Internal("the trace id identifies this error in the logs")
            )
            return "INTERNAL"
        return "OK"

    def _refuse_while_draining(self) -> None:
        if self._is_draining:
            raise GRPCError(Status.UNAVAILABLE, "the server is draining; retry on another replica")


def _scopes(service: Any) -> Iterator[tuple[str, str | None]]:
    """Yield each route of a service with the scope of its method."""
    for route in service.__mapping__():
        method = snake_case(route.rpartition("/")[2])
        yield route, scope_of(getattr(service, method, None))


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
