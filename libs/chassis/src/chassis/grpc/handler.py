"""The calls of a connection as tasks, each released as soon as it ends.

grpclib keeps finished calls until new ones arrive, and an error that ended a call refers to its
frames, which refer to the error. So a client that opened and closed connections grew the process
until the garbage collector reached its oldest generation.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from grpclib.protocol import Stream
from grpclib.server import Handler, request_handler


class CallHandler(Handler):
    """grpclib's handler; calls `on_closed` once the connection is closed and its last call ended.

    A finished call is released at once, so that the server's drain waits only for running calls.
    """

    on_closed: Callable[["CallHandler"], None]
    is_connected = True

    def accept(self, stream: Stream, headers: Any, release_stream: Callable[[], Any]) -> None:
        task = self.loop.create_task(
            request_handler(
                self.mapping,
                stream,
                headers,
                self.codec,
                self.status_details_codec,
                self.dispatch,
                _nothing,  # a task that is cancelled before it begins does not call it
            )
        )
        self._tasks[stream] = task
        task.add_done_callback(partial(self._ended, stream, release_stream))

    def close(self) -> None:
        super().close()
        self._tasks.clear()
        self.loop.call_soon(self._forget)  # later: a closing server iterates over the handlers

    def _ended(
        self, stream: Stream, release_stream: Callable[[], Any], task: "asyncio.Task[None]"
    ) -> None:
        release_stream()
        self._tasks.pop(stream, None)
        self._cancelled.discard(task)
        if task.cancelled():
            with suppress(asyncio.CancelledError):
                task.result()  # drops its error, whose frames refer to the task (asyncio.timeout)
        if stream.wrapper is not None:
            stream.wrapper._error = None  # noqa: SLF001 - its frames refer to the stream
        if self.closing:
            self._forget()

    def _forget(self) -> None:
        if not (self.is_connected or self._cancelled):
            on_closed, self.on_closed = self.on_closed, _nothing
            on_closed(self)


def _nothing(*_: Any) -> None:
    """Do nothing: handled elsewhere, or already done."""
