"""Memory of the input of an HTTP/1.1 connection, in bytes: exact, or an upper bound.

aiohttp's parser does not report where in a packet a request ends, nor how much raw input it keeps.
"""

from collections import deque
from typing import Any

from aiohttp import EMPTY_PAYLOAD, StreamReader

from chassis.http.messages import MAX_BODY
from chassis.limits.client_memory import BODY_COPIES, LINE, PARSED, PIECE, QUEUED, REQUEST

MAX_ENTRIES = 100  # headers of a request
END = b"\r\n\r\n"  # of headers


class HttpInput:
    """Counts request lines and headers, and the bodies of requests that wait behind others."""

    def __init__(self) -> None:
        self.held = 0
        self._waiting: deque[int] = deque()  # requests whose headers are complete
        self._running = 0  # the request in progress
        self._partial = 0  # a request whose headers are incomplete
        self._unparsed = 0  # raw input that the parser keeps

    def add(self, part: bytes, begun: list[Any], content: StreamReader, body: int) -> None:
        """Count a part of the input that completes the headers of these requests.

        content: the body of the newest request; body: bytes of it in the part.
        """
        cost = 0
        if begun:
            self._add_waiting(begun, self._partial + PARSED * (len(part) - body))
        else:
            cost = self._partial
        if not part:
            cost += (PARSED * self._unparsed + LINE * MAX_ENTRIES) if self._unparsed else 0
        elif content.is_eof() and not (content is EMPTY_PAYLOAD and part.endswith(END)):
            rest = _rest(part, len(begun), body, has_body=content is not EMPTY_PAYLOAD)
            cost += PARSED * rest + LINE * part.count(b"\n", len(part) - rest)
        self._keep(cost, 0)

    def add_whole(self, part: bytes, message: Any) -> None:
        """As add(), for the common case: the part ends one request without a body."""
        size = PARSED * len(part) + _lines(message)
        self._waiting.append(self._partial + size)
        self.held += size
        self._partial = 0

    def add_unparsed(self, part: bytes, begun: list[Any]) -> None:
        """As add(), while the parser waits for requests to be handled or a body to be read."""
        if begun:
            self._add_waiting(begun, self._partial + PARSED * len(part))
        self._keep(0, self._unparsed + len(part))

    def _add_waiting(self, begun: list[Any], size: int) -> None:
        """Queue requests. size: upper bound for the texts of all of them."""
        for message in begun:
            self._waiting.append(lines := _lines(message))
            self.held += lines
        self._waiting[-1] += size  # freed last
        self.held += size

    def add_body(self, size: int) -> None:
        """Add the size of the newest queued request's body."""
        if self._waiting:
            self._waiting[-1] += size
            self.held += size

    def begin(self) -> None:
        """Start handling the request that was queued first."""
        self._running = self._waiting.popleft() if self._waiting else 0

    def end(self) -> None:
        """Release the request that was handled."""
        self.held -= self._running
        self._running = 0

    def _keep(self, partial: int, unparsed: int) -> None:
        self.held += partial + unparsed - self._partial - self._unparsed
        self._partial, self._unparsed = partial, unparsed


def held_by_body(content: StreamReader) -> int:
    """Return the bytes of a body that have arrived and are unread."""
    if content is EMPTY_PAYLOAD:
        return 0
    return content._size + PIECE * len(content._buffer)  # noqa: SLF001 - aiohttp has no public access


def held_by_request(content: StreamReader) -> int:
    """Return the bytes of a request in progress, and of its body, kept until the response ends."""
    if content is EMPTY_PAYLOAD:
        return REQUEST
    read = min(content.total_bytes, MAX_BODY)
    return REQUEST + held_by_body(content) + BODY_COPIES * read


def _lines(message: Any) -> int:
    return QUEUED + LINE * len(getattr(message, "raw_headers", ()))


def _rest(part: bytes, begun: int, body: int, *, has_body: bool) -> int:
    """Return an upper bound for the bytes of a part that follow the newest request."""
    if not begun:
        return len(part) - body
    if not has_body:
        return len(part) - len(END) - max(part.rfind(END), -len(END))
    head = part.find(END) + len(END) if begun == 1 else 0
    return max(0, len(part) - head - body)
