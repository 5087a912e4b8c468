"""Header blocks of HTTP/2: HPACK (RFC 7541), and validation of request headers.

Most calls of a connection have the same header bytes, and most responses the same headers: both are
cached. A response's block refers to no earlier block, so it is the same on any connection.
"""

import re
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from h2.errors import ErrorCodes
from h2.exceptions import DenialOfServiceError, ProtocolError
from hpack import Decoder, Encoder
from hpack.exceptions import HPACKError, OversizedHeaderListError
from hpack.table import HeaderTable

from http2 import frames
from http2.frame_validation import header_fragment
from http2.frames import Frame

Headers = list[tuple[str, str]]

MAX_HEADERS = 16_384  # bytes of one list: names, values and 32 for each entry
HEADER_MEMORY = 220  # of RSS for one header besides its bytes (decision 0047)
MAX_ENTRIES = 100  # of one list; a call of gRPC has ten
CONTINUATIONS = 15  # frames after the first of a block
REMEMBERED = 32  # cached blocks of a connection
REMEMBERED_SIZE = 2_048  # bytes of such a block, raw and decoded: calls have a tenth of it
NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9a-z]+")
VALUE = re.compile(r"[\t -~]*")  # gRPC's metadata is ASCII, and may have spaces around it
LENGTH = re.compile(r"[0-9]{1,18}")  # bytes; Python refuses to read over 4,300 digits
PSEUDO = {":method", ":scheme", ":path", ":authority"}
NEEDED = {":method", ":scheme", ":path"}
OF_A_CONNECTION = {"connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"}


class CompressionError(ProtocolError):
    """The connection's compression state is lost, so the connection must close."""

    error_code = ErrorCodes.COMPRESSION_ERROR


class Block(NamedTuple):
    """A decoded header block; equal blocks of a connection are one object."""

    headers: Headers
    problem: str | None
    """Why a request cannot start with it (RFC 9113, section 8.2 and 8.3)."""
    length: int | None
    """The content-length, if present."""
    size: int
    """Bytes of memory."""

    @property
    def is_trailer(self) -> bool:
        """Whether it is a valid trailer section."""
        return not any(name.startswith(":") for name, _ in self.headers)


class HeaderReader:
    """Decodes a connection's blocks in order; `decoded` counts the decoded headers.

    held: bytes of an unfinished block, of the table, and of the cached blocks.
    """

    decoded = held = 0

    def __init__(self) -> None:
        self._decoder = Decoder(max_header_list_size=MAX_HEADERS)
        self._decoder.header_table = self._table = _Table()
        self._remembered: dict[bytes, Block] = {}
        self._parts: list[Frame] = []
        self._kept = self._unfinished = 0

    def add(self, frame: Frame) -> tuple[Frame, Block] | None:
        """Add a HEADERS or CONTINUATION frame; return the first frame and the complete block.

        Raises ProtocolError, CompressionError, DenialOfServiceError.
        """
        if bool(self._parts) is not (frame.kind == frames.CONTINUATION):
            raise ProtocolError("unexpected HEADERS or CONTINUATION frame")
        self._parts.append(frame)
        first, *others = self._parts
        if frame.stream != first.stream:
            raise ProtocolError("CONTINUATION on another stream")
        if len(others) > CONTINUATIONS:
            raise DenialOfServiceError(f"a header block may have {CONTINUATIONS} continuations")
        if not frame.flags & frames.END_HEADERS:
            self._unfinished += len(frame.payload)
            self.held += len(frame.payload)
            return None
        self.held -= self._unfinished
        self._unfinished = 0
        self._parts.clear()
        data = b"".join([header_fragment(first), *(other.payload for other in others)])
        return first, self._read(data)

    @property
    def is_waiting(self) -> bool:
        """Whether only the rest of a block may follow."""
        return bool(self._parts)

    def _read(self, data: bytes) -> Block:
        block = self._remembered.get(data)
        if block is None:
            entered = self._table.entered
            block = self._decoded(data)
            self._remember(data, block, is_read_only=entered == self._table.entered)
            self.held = self._kept + self._table.held
        return block

    def _decoded(self, data: bytes) -> Block:
        try:
            fields = self._decoder.decode(data, raw=True)
        except OversizedHeaderListError as error:
            raise DenialOfServiceError(f"headers may be at most {MAX_HEADERS} bytes") from error
        except HPACKError as error:
            raise CompressionError(str(error)) from error
        headers = [(bytes(n).decode("latin-1"), bytes(v).decode("latin-1")) for n, v in fields]
        self.decoded += len(headers)
        size = size_of(headers)
        return Block(headers, problem(headers), _length(headers), size)

    def _remember(self, data: bytes, block: Block, *, is_read_only: bool) -> None:
        if not is_read_only or _resizes(data) or len(self._remembered) == REMEMBERED:
            self._remembered.clear()
            self._kept = 0
        elif max(len(data), sum(map(len, chain(*block.headers)))) <= REMEMBERED_SIZE:
            self._remembered[data] = block
            self._kept += len(data) + block.size


class _Table(HeaderTable):
    """A table that counts additions, including those too large for it."""

    entered = 0

    @property
    def held(self) -> int:
        """Bytes of memory."""
        return self._current_size + HEADER_MEMORY * len(self.dynamic_entries)

    def add(self, name: bytes, value: bytes) -> None:
        self.entered += 1
        super().add(name, value)


@lru_cache(maxsize=256)
def written(headers: tuple[tuple[str, str], ...]) -> bytes:
    """Return an encoded block that refers to no other."""
    return Encoder().encode(headers)


def size_of(headers: Headers) -> int:
    """Return the bytes of memory of the headers."""
    return sum(HEADER_MEMORY + len(name) + len(value) for name, value in headers)


def _resizes(data: bytes) -> bool:
    """Whether a block starts with a table size update (RFC 7541, section 6.3)."""
    return bool(data) and data[0] >> 5 == 0b001


def problem(headers: Headers) -> str | None:
    """Return why a request cannot start with these headers (RFC 9113, section 8.2 and 8.3)."""
    if len(headers) > MAX_ENTRIES:
        return f"more than {MAX_ENTRIES} headers"
    names = [name for name, _ in headers]
    pseudo = [name for name in names if name.startswith(":")]
    if pseudo != names[: len(pseudo)]:
        return "pseudo-header after a regular header"
    if len(set(pseudo)) < len(pseudo) or not NEEDED <= set(pseudo) <= PSEUDO:
        return "missing, repeated or unknown pseudo-header"
    if len({value for name, value in headers if name == "content-length"}) > 1:
        return "conflicting content-length headers"
    if not OF_A_CONNECTION.isdisjoint(names):
        return "connection-specific header of HTTP/1.1"
    return next(
        (f"invalid header {name}" for name, value in headers if not _is_allowed(name, value)), None
    )


def _is_allowed(name: str, value: str) -> bool:
    if not NAME.fullmatch(name.removeprefix(":")) or not VALUE.fullmatch(value):
        return False
    if name == ":path":
        return value.startswith(("/", "*"))
    if name == "content-length":
        return LENGTH.fullmatch(value) is not None
    return name != "te" or value == "trailers"


def _length(headers: Headers) -> int | None:
    return next((int(v) for n, v in headers if n == "content-length" and LENGTH.fullmatch(v)), None)
