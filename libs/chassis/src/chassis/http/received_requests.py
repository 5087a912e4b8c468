"""Received requests of an HTTP/1.1 connection: limits on incomplete ones, and their memory."""

from collections.abc import Collection
from enum import Enum
from itertools import islice
from typing import Any, NamedTuple

from aiohttp import EMPTY_PAYLOAD, StreamReader

from chassis.http.input_memory import END, HttpInput, held_by_body, held_by_request

MAX_HEADERS = 32 * 1024  # bytes of the request line and all headers
MAX_FRAMING = 16 * 1024  # bytes that a body may take on the wire beyond twice its content


class Excess(Enum):
    """The limit that a client has exceeded."""

    HEADERS = "headers"
    FRAMING = "framing"


class Mark(NamedTuple):
    """The state before a part was parsed."""

    was_body: bool
    size: int
    """Bytes of the newest body."""
    waiting: int
    """Number of queued requests."""


class ReceivedRequests:
    """The parser's results for the input of a connection; `messages` is its queue of requests."""

    def __init__(self, messages: Collection[Any]) -> None:
        self._messages: Any = messages
        self._content: StreamReader = EMPTY_PAYLOAD  # of the newest request
        self._unparsed = 0  # bytes of incomplete headers
        self._framed = 0  # bytes of the newest request's body as sent
        self._memory = HttpInput()

    def mark(self) -> Mark:
        """Return the state; call this before the next part is parsed."""
        content = self._content
        return Mark(not content.is_eof(), content.total_bytes, len(self._messages))

    def add(self, part: bytes, mark: Mark, *, is_paused: bool) -> Excess | None:
        """Count a parsed part; is_paused: the parser keeps the rest of it as raw input."""
        newest = self._messages[-1][1] if self._messages else self._content
        is_new = newest is not self._content
        self._account(part, mark, is_paused=is_paused)
        excess = self._headers_excess(0 if mark.was_body or self._messages else len(part))
        if is_new:
            self._content = newest
            self._framed = 2 * newest.total_bytes
        elif mark.was_body and self._is_mostly_framing(len(part)):
            return Excess.FRAMING
        return excess

    def _account(self, part: bytes, mark: Mark, *, is_paused: bool) -> None:
        before, waiting = mark.size, mark.waiting
        if not waiting and part.endswith(END) and len(self._messages) == 1:
            message, self._content = self._messages[0]
            if self._content is EMPTY_PAYLOAD:
                self._memory.add_whole(part, message)
                return
        begun = [message for message, _ in islice(self._messages, waiting, None)]
        if begun:
            if waiting:
                self._memory.add_body(before)
            self._content, before = self._messages[-1][1], 0
        if is_paused:
            self._memory.add_unparsed(part, begun)
        else:
            self._memory.add(part, begun, self._content, self._content.total_bytes - before)

    def _is_mostly_framing(self, size: int) -> bool:
        """Whether the body is mostly framing, such as chunks of one byte.

        Source: CVE-2023-39326, the same in Go.
        """
        self._framed += size
        return self._framed > MAX_FRAMING + 2 * self._content.total_bytes

    def _headers_excess(self, size: int) -> Excess | None:
        """Bound the bytes of headers that are not complete."""
        self._unparsed = self._unparsed + size if size else 0
        return Excess.HEADERS if self._unparsed > MAX_HEADERS else None

    def begin(self) -> None:
        """Start handling the request that was queued first."""
        self._memory.begin()
        self._unparsed = 0

    def end(self) -> None:
        """Release the request that was handled."""
        if self._content.is_eof() and not self._messages:
            self._content = EMPTY_PAYLOAD
        self._memory.end()

    def forget(self) -> None:
        """Drop the reference to the newest body, which refers to the connection."""
        self._content = EMPTY_PAYLOAD

    def held(self, handled: StreamReader | None) -> int:
        """Return the bytes of memory; handled: the body of the request in progress."""
        held = self._memory.held
        if handled is None:
            return held + held_by_body(self._content)
        if self._content is not handled:
            held += held_by_body(self._content)
        return held + held_by_request(handled)
