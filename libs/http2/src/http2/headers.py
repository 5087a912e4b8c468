"""The header blocks of HTTP/2: HPACK (RFC 7541), and which headers a request may have.

Most calls of a connection begin with the same bytes, and most answers with the same headers: both
are coded once. An answer's block refers to none before it, so it is the same on any connection.
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

MAX_HEADERS = 16_384  # bytes of one list, its names and values and 32 for each entry
HEADER_MEMORY = 220  # of RSS for one header besides its bytes (decision 0047)
MAX_ENTRIES = 100  # of one list; a call of gRPC has ten
CONTINUATIONS = 15  # frames after a block's first
REMEMBERED = 32  # blocks of a connection
REMEMBERED_SIZE = 2_048  # bytes of such a block, and of what it says: calls have a tenth of it
NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9a-z]+")
VALUE = re.compile(r"[\t -~]*")  # gRPC's metadata is ASCII, and may have spaces around it
LENGTH = re.compile(r"[0-9]{1,18}")  # bytes; Python refuses to read over 4,300 digits
PSEUDO = {":method", ":scheme", ":path", ":authority"}
NEEDED = {":method", ":scheme", ":path"}
OF_A_CONNECTION = {"connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"}


class CompressionError(ProtocolError):
    """The table of a connection is lost, and with it the connection."""

    error_code = ErrorCodes.COMPRESSION_ERROR


class Block(NamedTuple):
    """What a header block says; equal blocks of a connection are one object."""

    headers: Headers
    problem: str | None
    """Why a request cannot begin with it (RFC 9113, section 8.2 and 8.3)."""
    length: int | None
    """The content's, where it is announced."""
    size: int
    """Bytes of memory."""

    @property
    def is_trailer(self) -> bool:
        """Whether it may end a request."""
        return not any(name.startswith(":") for name, _ in self.headers)


class HeaderReader:
    """Decodes a connection's blocks in their order; `decoded` counts the headers it has decoded.

    held: bytes of an unfinished block, of the table, and of the blocks that are remembered.
    """

    decoded = held = 0

    def __init__(self) -> None:
        self._decoder = Decoder(max_header_list_size=MAX_HEADERS)
        self._decoder.header_table = self._table = _Table()
        self._remembered: dict[bytes, Block] = {}
        self._parts: list[Frame] = []
        self._kept = self._unfinished = 0

    def add(self, frame: Frame) -> tuple[Frame, Block] | None:
        """A HEADERS or CONTINUATION frame: the first one and the block, as soon as it is whole.

        Raises ProtocolError, CompressionError, DenialOfServiceError.
        """
        if bool(self._parts) is not (frame.kind == frames.CONTINUATION):
            raise ProtocolError("a header block within another, or a part of none")
        self._parts.append(frame)
        first, *others = self._parts
        if frame.stream != first.stream:
            raise ProtocolError("parts of two header blocks")
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
        """Whether nothing may come now but the rest of a block."""
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
            raise DenialOfServiceError(f"headers may have {MAX_HEADERS} bytes") from error
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
    """A table that knows whether a block has changed it, or would have, had there been room."""

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
    """A block that refers to no other."""
    return Encoder().encode(headers)


def size_of(headers: Headers) -> int:
    """Bytes of memory."""
    return sum(HEADER_MEMORY + len(name) + len(value) for name, value in headers)


def _resizes(data: bytes) -> bool:
    """Whether a block begins with a new size of the table (RFC 7541, section 6.3)."""
    return bool(data) and data[0] >> 5 == 0b001


def problem(headers: Headers) -> str | None:
    """Why a request cannot begin with these headers (RFC 9113, section 8.2 and 8.3)."""
    if len(headers) > MAX_ENTRIES:
        return f"more than {MAX_ENTRIES} headers"
    names = [name for name, _ in headers]
    pseudo = [name for name in names if name.startswith(":")]
    if pseudo != names[: len(pseudo)]:
        return "a pseudo-header after others"
    if len(set(pseudo)) < len(pseudo) or not NEEDED <= set(pseudo) <= PSEUDO:
        return "missing, double or unknown pseudo-headers"
    if len({value for name, value in headers if name == "content-length"}) > 1:
        return "two lengths of one body"
    if not OF_A_CONNECTION.isdisjoint(names):
        return "a header of HTTP/1.1's connections"
    return next(
        (f"the header {name}" for name, value in headers if not _is_allowed(name, value)), None
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
