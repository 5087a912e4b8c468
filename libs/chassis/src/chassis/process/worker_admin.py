"""The admin port of a service that has several processes: one readiness, one set of metrics."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily

from chassis.observability.merged_metrics import MergedMetrics
from chassis.process.admin_server import AdminServer
from chassis.process.components import Process
from chassis.process.settings import ServiceSettings

if TYPE_CHECKING:
    from chassis.process.workers import Role

TIMEOUT = 3.0  # seconds for a worker to answer; its own checks take at most two
OK, NOT_READY = 200, 503
Wire = Callable[[ServiceSettings], AbstractAsyncContextManager[Process]]


def admin_of(role: "Role") -> Wire:
    """Return the wiring of the process that serves the admin port."""

    @asynccontextmanager
    async def wire(settings: ServiceSettings) -> AsyncIterator[Process]:
        REGISTRY.register(Replacements(role))
        workers = WorkersReadiness(role.internal)
        metrics = WorkersMetrics(role.internal)
        admin = AdminServer(
            workers, settings.host, settings.admin_port, settings.limits, metrics.read
        )
        yield Process([admin, WorkersEnd(role.workers_end)], workers)

    return wire


class Replacements:
    """The supervisor's count of replaced processes, as a metric."""

    def __init__(self, role: "Role") -> None:
        self._role = role

    def collect(self) -> Iterable[Metric]:
        text = "Processes of the service that ended and were replaced."
        yield CounterMetricFamily("process_replacements", text, self._role.replaced.value)


class WorkersEnd:
    """A component that drains when the last worker has ended, so that the admin port serves on."""

    name = "workers"

    def __init__(self, workers_end: int) -> None:
        self._workers_end = workers_end
        self._ended = asyncio.Event()

    async def serve(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(self._workers_end, self._ended.set)
        try:
            await self._ended.wait()
        finally:
            loop.remove_reader(self._workers_end)

    def cut(self) -> int:
        """Stop waiting: the workers have had their time, too."""
        self._ended.set()
        return 0

    async def drain(self) -> None:
        await self._ended.wait()


class WorkersReadiness:
    """Implements Readiness: ready while each worker is."""

    def __init__(self, workers: Sequence[str | bytes]) -> None:
        self._workers = workers
        self._is_draining = False

    def turn_off(self) -> None:
        self._is_draining = True

    async def failures(self) -> Mapping[str, str]:
        if self._is_draining:
            return {"process": "draining"}
        found: dict[str, str] = {}
        answers = await asyncio.gather(*(fetch(one, "/readyz") for one in self._workers))
        for number, (status, body) in enumerate(answers, 1):
            if status == NOT_READY:
                found |= json.loads(body)["failures"]
            elif status != OK:
                found[f"process {number}"] = body.decode()
        return found


class WorkersMetrics:
    """The metrics of all workers and of this process, merged."""

    def __init__(self, workers: Sequence[str | bytes]) -> None:
        self._workers = workers
        self._merged = MergedMetrics()

    async def read(self) -> bytes:
        answers = await asyncio.gather(*(fetch(one, "/metrics") for one in self._workers))
        for number, (status, body) in enumerate(answers, 1):
            if status == OK:  # else its last metrics count
                self._merged.update(number, body.decode())
        self._merged.update(0, generate_latest().decode())
        return generate_latest(self._merged)


async def fetch(address: str | bytes, path: str) -> tuple[int, bytes]:
    """Return the status and the body of GET over HTTP/1.0; status 0 and the reason if none."""
    try:
        async with asyncio.timeout(TIMEOUT):
            return await _get(address, path)
    except TimeoutError:
        return 0, f"no response within {TIMEOUT:g} s".encode()
    except (OSError, ValueError) as error:
        return 0, f"no response: {error!r}".encode()


async def _get(address: str | bytes, path: str) -> tuple[int, bytes]:
    """See fetch(). Not by aiohttp's client: uvloop cannot connect to an abstract address."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(0)  # not blocking
        connection.connect(address)  # at once, or BlockingIOError if its backlog is full
    except OSError:
        connection.close()
        raise
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        return int(head.split()[1]), body
    except IndexError:
        raise ValueError("no status line") from None
    finally:
        writer.close()
