"""One attacker and one regular client: effect of each attack of attacks.py on the client.

    .venv/bin/python -m loadtest.hostile [--only NAME ...] [--python OTHER/.venv/bin/python]

The server is the demo, all three APIs in one process over memory. It is restarted for each
attack: QUIET seconds without, ATTACKED seconds with, and RECOVERY seconds without the attack.
"""

import argparse
import asyncio
import http.client
import json
import os
import sys
import threading
import time
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import quantiles

import aiohttp
import psutil
from grpclib.client import Channel

from chassis.process.interrupts import interruptible
from http2.implementations import HTTP2
from loadtest.attacks import ATTACKS
from loadtest.running_demo import HTTP, demo
from user_contracts.proto.user.v1 import GetRequest, UserQueriesStub

QUERY_HTTP, QUERY_GRPC = HTTP + 1, HTTP + 11
USERS = 200
QUIET, ATTACKED, RECOVERY = 2.0, 6.0, 5.0  # seconds
EVERY = 0.01  # seconds between two requests of the regular client, over each transport
TIMEOUT = 20.0  # seconds
MEGABYTE = 2**20


@dataclass(slots=True)
class Phase:
    """Latencies of the regular client, in milliseconds, and the server's memory in MB."""

    p99: float
    failed: int
    rss: float


@dataclass(frozen=True, slots=True)
class Server:
    """The demo under attack, one of its users, and its log lines."""

    process: psutil.Process
    user: str
    lines: list[str]

    def rss(self) -> float:
        return self.process.memory_info().rss / MEGABYTE


@contextmanager
def server_with_users(python: str) -> Iterator[Server]:
    with demo(python=python) as started:
        assert started.stdout  # noqa: S101 - for the type checker
        lines: list[str] = []
        reading = threading.Thread(target=lines.extend, args=(started.stdout,), daemon=True)
        reading.start()
        users = [create() for _ in range(USERS)]
        yield Server(psutil.Process(started.pid), users[0], lines)


def create() -> str:
    body = json.dumps({"first_name": "Ada", "last_name": "L" * 50})
    connection = http.client.HTTPConnection("127.0.0.1", HTTP, TIMEOUT)
    try:
        connection.request("POST", "/user", body, {"Content-Type": "application/json"})
        return str(json.load(connection.getresponse())["id"])
    finally:
        connection.close()


async def innocent(server: Server, seconds: float) -> Phase:
    """Run a client over each transport, whose requests do not wait for earlier ones."""
    times: list[float] = []
    failed = 0
    rss = server.rss()
    channel = Channel("127.0.0.1", QUERY_GRPC)
    stub = UserQueriesStub(channel)

    async def timed(call: Awaitable[object]) -> None:
        nonlocal failed
        began = time.perf_counter()
        try:
            async with asyncio.timeout(TIMEOUT):
                await call
        except Exception:  # noqa: BLE001 - whatever it is, the caller is not served
            failed += 1
        times.append(time.perf_counter() - began)

    async def over_http(session: aiohttp.ClientSession) -> None:
        url = f"http://127.0.0.1:{QUERY_HTTP}/user?limit=10"
        async with session.get(url) as response:
            await response.read()
            response.raise_for_status()

    waiting: set[asyncio.Task[None]] = set()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            rss = max(rss, server.rss())
            for call in (over_http(session), stub.get(GetRequest(id=server.user))):
                waiting.add(asyncio.create_task(timed(call)))
            waiting = {task for task in waiting if not task.done()}
            await asyncio.sleep(EVERY)
        if waiting:
            await asyncio.wait(waiting)
    channel.close()
    return Phase(quantiles(times, n=100)[-1] * 1000, failed, max(rss, server.rss()))


async def tried(name: str, server: Server) -> str:
    """Return a row of the table."""
    quiet, before = await innocent(server, QUIET), len(server.lines)
    arguments = ("--http", str(QUERY_HTTP), "--grpc", str(QUERY_GRPC), "--seconds", str(ATTACKED))
    attacker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "loadtest.attacks",
        name,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
    )
    attacked = await innocent(server, ATTACKED)
    output, _ = await attacker.communicate()
    await asyncio.sleep(RECOVERY - QUIET)
    after = await innocent(server, QUIET)
    lines = len(server.lines) - before
    cells = [
        name,
        f"{quiet.p99:.0f}",
        f"{attacked.p99:.0f}",
        f"{after.p99:.0f}",
        f"{attacked.failed}",
        f"{quiet.rss:.0f}",
        f"{attacked.rss:.0f}",
        f"{server.rss():.0f}",
        f"{lines}",
        output.decode().strip() or "?",
    ]
    return f"| {' | '.join(cells)} |"


HEAD = (
    "| attack | p99 quiet, ms | attacked | after | failed | RSS quiet, MB | attacked | after "
    "| log lines | connections |\n|---|---|---|---|---|---|---|---|---|---|"
)


def table(names: Sequence[str], python: str) -> Iterator[str]:
    yield HEAD
    for name in names:
        with server_with_users(python) as server:
            yield asyncio.run(tried(name, server))


@interruptible()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=ATTACKS, default=list(ATTACKS))
    parser.add_argument("--python", default=sys.executable, help="Python of the attacked project")
    parser.add_argument("--http2", choices=HTTP2, default="own", help="implementation below gRPC")
    options = parser.parse_args()
    if options.http2 != "own":  # older projects do not know this setting
        os.environ["DEMO_HTTP2"] = options.http2
    for line in table(options.only, options.python):
        print(line, flush=True)


if __name__ == "__main__":
    main()
