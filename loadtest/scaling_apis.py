"""Requests per second with 1, 2 and 3 processes of an API behind a proxy."""

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

import psutil

from loadtest import creates, haproxy, reads, wrk
from loadtest.reads import BARE, BIN, LIST, OURS, got, process
from loadtest.scaling_projectors import spent
from loadtest.wrk import Answered
from local_stack.addresses import Addresses

PROCESSES = (1, 2, 3)
CALLERS = 64
APART = 10  # between the ports of two processes


@dataclass(frozen=True, slots=True)
class Shared:
    """Rounds with this many processes, and the CPU cores they used."""

    what: str
    processes: int
    rounds: list[Answered]
    cores: float

    def __str__(self) -> str:
        rate = median(one.rate for one in self.rounds)
        p99 = median(one.p99 for one in self.rounds)
        failed = sum(one.failed for one in self.rounds)
        return (
            f"| {self.what} | {self.processes} | {rate:.0f} | {self.cores:.2f} "
            f"| {rate / self.cores:.0f} | {p99:.1f} | {failed} |"
        )


@dataclass(frozen=True, slots=True)
class Api:
    """An API: its process and its request."""

    program: str
    what: str
    path: str
    script: str
    settings: Mapping[str, str]

    def at(self, port: int) -> dict[str, str]:
        """Return the settings of a process that listens on this port."""
        prefix = self.program.upper().replace("-", "_")
        ports = {"HTTP_PORT": port, "GRPC_PORT": port + 1, "ADMIN_PORT": port + 2}
        return {**self.settings, **{f"{prefix}_{k}": str(v) for k, v in ports.items()}}


def measure(api: Api, processes: int, rounds: int, seconds: int) -> Shared:
    ports = [OURS + APART * number for number in range(processes)]
    with ExitStack() as running:
        started = [
            psutil.Process(
                running.enter_context(process(BIN / api.program, environment=api.at(port)))
            )
            for port in ports
        ]
        for port in ports:
            got(f"http://127.0.0.1:{port}/")
        url = running.enter_context(haproxy.before(ports)) + api.path
        wrk.run(url, CALLERS, 1, api.script)
        before = spent(started)
        found = [wrk.run(url, CALLERS, seconds, api.script) for _ in range(rounds)]
        cores = (spent(started) - before) / (rounds * seconds)
    return Shared(api.what, processes, found, cores)


def measure_all(stack: Addresses, rounds: int, seconds: int) -> list[Shared]:
    apis = (
        Api("query-api", f"`GET {LIST}`", LIST, "", reads.settings(stack)),
        Api(
            "command-api",
            "`POST /user`",
            "/user",
            creates.CREATE,
            reads.settings(stack, "command-api"),
        ),
    )
    receiver = (sys.executable, "-m", "loadtest.bare", str(BARE))  # of the spans
    with process(*receiver, environment={}, expected=b"{}"):
        return [measure(api, count, rounds, seconds) for api in apis for count in PROCESSES]


HEADER = (
    "| | processes | requests/s | cores, API | requests/s per core | p99, ms | failed |",
    "|---|---|---|---|---|---|---|",
)
