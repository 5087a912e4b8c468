"""A single gRPC call: deadline, error response, and client disconnect."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, cast

from grpclib.const import Handler, Status
from grpclib.server import Stream
from h2.exceptions import StreamClosedError

from chassis import problems
from chassis.grpc.stream import CallStream
from chassis.observability import tracing
from chassis.problems import Problem

Call = Stream[Any, Any]
Method = Callable[[Call], Awaitable[None]]
TOO_LATE = "the call's deadline has passed"


class WrappedService:
    """A grpclib service whose calls are passed to `serve` with their route."""

    def __init__(self, service: Any, serve: Callable[[str, Method, Call], Awaitable[None]]) -> None:
        self._handlers: Mapping[str, Handler] = {
            route: handler._replace(func=partial(serve, route, _limited(handler)))
            for route, handler in service.__mapping__().items()
        }

    def __mapping__(self) -> Mapping[str, Handler]:
        return self._handlers


def _limited(handler: Handler) -> Method:
    """Return a handler's method; a client that sends a single message has limited time for it."""
    has_one_message = not handler.cardinality.client_streaming

    async def limited(stream: Call) -> None:
        _transport_of(stream).has_one_message = has_one_message
        await handler.func(stream)

    return limited


async def in_time(method: Method, stream: Call) -> None:
    """Run a method within the client's deadline; raises TooSlow.

    grpclib's own deadline returns UNKNOWN and logs a traceback if it passes before the call starts.
    """
    deadline, loop = _transport_of(stream).deadline, asyncio.get_running_loop()
    if deadline is None:
        await method(stream)
        return
    limit = asyncio.timeout_at(deadline)
    try:
        if deadline <= loop.time():
            raise problems.TooSlow(TOO_LATE)
        async with limit:
            await method(stream)
    except TimeoutError as error:
        if limit.expired():
            raise problems.TooSlow(TOO_LATE) from error
        raise


def _transport_of(stream: Call) -> CallStream:
    return cast("CallStream", stream._stream)  # noqa: SLF001 - grpclib has no public access


async def send_error(stream: Call, problem: Problem) -> None:
    extra = {"problem-type": f"urn:problem:{problem.kind}"}
    if (trace_id := tracing.trace_id()) is not None:
        extra["trace-id"] = trace_id
    extra |= {header.lower(): value for header, value in problem.headers.items()}
    with CallerMayLeave():
        await stream.send_trailing_metadata(
            status=Status[problem.status.grpc], status_message=problem.public_detail, metadata=extra
        )


class CallerMayLeave:
    """Turn a failed response into cancellation: grpclib cancels a call whose client disconnected.

    A call that swallowed the cancellation fails only when it responds. A class, since the frames of
    contextlib.contextmanager form a reference cycle with the error from CPython 3.13 on.
    """

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, StreamClosedError):
            raise asyncio.CancelledError
