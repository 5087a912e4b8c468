"""Memory of connections, calls and partial requests: measured, and as counted by the server.

    .venv/bin/python -m loadtest.client_memory [--only NAME ...]

The demo is restarted for each, with a bound that is not reached. "Held" is its metric
client_memory_bytes, "RSS" the kernel's count; each minus its value without these connections.
"""

import argparse
import asyncio
import os
import re
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import cast

import psutil

from chassis.process.interrupts import interruptible
from chassis.testing import eventually
from http2 import frames
from http2.frames import NUMBER
from loadtest.attacks import (
    BODY,
    CHECK,
    GET,
    GREETING,
    HOST,
    LISTS,
    NO_WINDOW,
    WATCH,
    WHOLE,
    block,
    call,
    calls,
    frame,
    odd,
)
from loadtest.hostile import create
from loadtest.running_demo import HTTP, demo

USERS = 100
ADMIN = f"http://{HOST}:{HTTP + 20}/metrics"
KILOBYTE = 1_000
STEADY = 0.3  # seconds without changes of the metric and the RSS
NOISE = 100_000  # bytes
HEAD = "| of each | RSS, kB | held, kB | ratio | RSS kept, MB | held after |\n|---|--|--|--|--|--|"
LINES = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 3_900) for number in range(8))
TINY = b"".join(b"%d:z\r\n" % number for number in range(97))
LIST = b"GET /user?limit=100 HTTP/1.1\r\nHost: localhost\r\n\r\n"
FULL = [(f"x-{number}", "v" * 100) for number in range(80)]
SMALL = [(f"x{number}", "v") for number in range(80)]


@dataclass(frozen=True, slots=True)
class Shape:
    """Bytes that each connection sends, and the number of units in them."""

    sent: bytes
    port: int = HTTP + 11
    connections: int = 200
    units: int = 1
    reads: bool = True


def with_headers(headers: list[tuple[str, str]]) -> bytes:
    return b"".join(
        frame(frames.HEADERS, block(CHECK, *headers), frames.END_HEADERS, stream)
        for stream in odd(100)
    )


def with_body(body: bytes, path: str = CHECK) -> bytes:
    headers = block(path)
    return b"".join(
        call(stream, headers, None) + frame(frames.DATA, body, 0, stream) for stream in odd(16)
    )


def unknown_field(size: int) -> bytes:
    """Return a message of List with an unknown field."""
    field = (
        b"\x82\x7d" + bytes([size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14]) + bytes(size)
    )
    return b"\0" + NUMBER.pack(len(field)) + field


def remembered() -> bytes:
    """Return calls to unknown methods, whose headers are cached for the next ones."""
    return b"".join(
        frame(frames.HEADERS, block("/none", *SMALL[:30], ("y", str(stream))), WHOLE, stream)
        for stream in odd(30)
    )


HALF = b"\0" + NUMBER.pack(60_000) + bytes(16_000)
OVER_HTTP1 = HTTP + 1
SHAPES = {
    "HTTP/1.1: idle connection": Shape(b"", OVER_HTTP1, 800),
    "HTTP/1.1: request without its body": Shape(BODY + b"Content-Length: 60000\r\n\r\n", HTTP, 800),
    "HTTP/1.1: 30 kB of headers": Shape(LIST[:-2] + LINES, OVER_HTTP1),
    "HTTP/1.1: 97 tiny headers": Shape(LIST[:-2] + TINY, OVER_HTTP1),
    "HTTP/1.1: request with 30 kB of headers": Shape(
        BODY + LINES + b"Content-Length: 60000\r\n\r\n", HTTP
    ),
    "HTTP/1.1: request with 97 tiny headers": Shape(
        BODY + TINY + b"Content-Length: 60000\r\n\r\n", HTTP
    ),
    "HTTP/1.1: half a body of 50 kB": Shape(
        BODY + b"Content-Length: 60000\r\n\r\n" + bytes(50_000), HTTP
    ),
    "HTTP/1.1: unread lists": Shape(LIST * 300, OVER_HTTP1, 100, reads=False),
    "HTTP/2: idle connection": Shape(GREETING, connections=800),
    "call without a message": Shape(GREETING + calls(CHECK, None), connections=50, units=100),
    "call with 80 headers of 100 bytes": Shape(
        GREETING + with_headers(FULL), connections=8, units=100
    ),
    "call with 80 tiny headers": Shape(GREETING + with_headers(SMALL), connections=8, units=100),
    "half a message of 16 kB": Shape(GREETING + with_body(HALF), connections=50, units=16),
    "watch": Shape(GREETING + calls(WATCH, b""), connections=20, units=100),
    "list that is not taken": Shape(NO_WINDOW + LISTS, connections=20, units=100, reads=False),
    "list with 15 kB of an unknown field, not taken": Shape(
        NO_WINDOW + with_body(unknown_field(15_000), "/user.v1.UserQueries/List"),
        connections=50,
        units=16,
    ),
    "unread lists": Shape(GREETING + LISTS, connections=20, units=100, reads=False),
    "unfinished header block of 250 kB": Shape(
        GREETING
        + frame(frames.HEADERS, bytes(16_000), 0, 1)
        + frame(frames.CONTINUATION, bytes(16_000), 0, 1) * 14
    ),
    "30 blocks that are remembered": Shape(GREETING + remembered()),
    "table of HPACK": Shape(
        GREETING + frame(frames.HEADERS, block(GET, *FULL[:20]), WHOLE, 1), connections=400
    ),
}


@contextmanager
def server() -> Iterator[psutil.Process]:
    os.environ |= {"DEMO_MAX_CLIENT_MEMORY": "10000000000"}
    with demo() as started:
        for _ in range(USERS):
            create()
        yield psutil.Process(started.pid)


def account_of_server() -> int:
    with urllib.request.urlopen(ADMIN) as answer:
        found = re.search(r"^client_memory_bytes (\S+)$", answer.read().decode(), re.MULTILINE)
    assert found  # noqa: S101 - for the type checker
    return int(float(found[1]))


async def steady(process: psutil.Process) -> tuple[int, int]:
    """Return bytes held and RSS, as soon as both have stopped changing."""
    last = (0, 0)

    async def same() -> tuple[int, int]:
        nonlocal last
        before, last = last, (await asyncio.to_thread(account_of_server), process.memory_info().rss)
        assert abs(before[0] - last[0]) + abs(before[1] - last[1]) < NOISE  # noqa: S101 - a probe
        return last

    return await eventually(same, within=20, every=STEADY)


def cut(writer: asyncio.StreamWriter) -> None:
    """Close without waiting for unsent data; until then keep a reference to the writer."""
    writer.transport.abort()


@asynccontextmanager
async def opened(shape: Shape, connections: int) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        reading = []
        for _ in range(connections):
            reader, writer = await asyncio.open_connection(HOST, shape.port)
            stack.callback(cut, writer)
            if shape.reads:
                reading.append(asyncio.create_task(reader.read()))
            else:
                cast("asyncio.Transport", writer.transport).pause_reading()
            writer.write(shape.sent)
            await asyncio.sleep(0)
        yield
        for task in reading:
            task.cancel()


async def measured(name: str, shape: Shape, process: psutil.Process) -> str:
    """Return a row of the table."""
    account, rss = await steady(process)
    async with opened(shape, shape.connections):
        more, grown = await steady(process)
    count = shape.connections * shape.units * KILOBYTE
    after, kept = await steady(process)
    held, rss_of = more - account, max(1, grown - rss)
    return (
        f"| {name} | {rss_of / count:.1f} | {held / count:.1f} | {held / rss_of:.2f} "
        f"| {(kept - rss) / 1e6:.1f} | {after - account} |"
    )


@interruptible()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=SHAPES, default=list(SHAPES))
    print(HEAD)
    for name in parser.parse_args().only:
        with server() as process:
            print(asyncio.run(measured(name, SHAPES[name], process)), flush=True)


if __name__ == "__main__":
    main()
