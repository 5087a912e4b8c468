"""Run components until a signal, then drain them in reverse order."""

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

import structlog
import uvloop

from chassis import error_log, listening_ports, telemetry, tracing
from chassis.connections import raise_descriptor_limit
from chassis.health import Health
from chassis.listening import CannotListen
from chassis.settings import ServiceSettings, load

CUT_WITHIN = 0.5  # seconds for what is left when callers were cut off; it takes milliseconds
STOPS = (signal.SIGTERM, signal.SIGINT)
log = structlog.get_logger()


async def every(seconds: float, until: asyncio.Event) -> AsyncIterator[None]:
    """At once, and again so many seconds after each turn, until the event, which ends a pause."""
    while not until.is_set():
        yield
        with suppress(TimeoutError):
            await asyncio.wait_for(until.wait(), seconds)


class Component(Protocol):
    """Something that runs for as long as the process does."""

    name: str

    async def serve(self) -> None:
        """Run until drained; an exception ends the whole process."""

    async def drain(self) -> None:
        """Take nothing new, finish what has begun, and let serve() return."""


@runtime_checkable
class CutsOff(Protocol):
    """A component whose clients may hold up its drain."""

    def cut(self) -> int:
        """Cut off the clients that are left; how many there were."""


@dataclass(frozen=True, slots=True)
class Process:
    """A wired service: its components in the order they start, and its health."""

    components: Sequence[Component]
    health: Health


S = TypeVar("S", bound=ServiceSettings)
Wire = Callable[[S], AbstractAsyncContextManager[Process]]


def launch(service: str, settings_type: type[S], wire: Wire[S]) -> None:
    """Be the whole of a service's main(): settings, telemetry, wiring, signals.

    Exits 0 after an orderly stop, 1 when a component failed or the grace time ran out; also 1, with
    one line on standard error, when an address cannot be listened on.
    """
    settings = load(settings_type)
    telemetry.configure_logs(service, settings.log_level)
    tracing.configure(service, settings.otlp_endpoint, settings.trace_ratio)
    raise_descriptor_limit()
    code: int | str | None = None
    try:
        uvloop.run(_wired(settings, wire))
    except CannotListen as taken:
        code = f"{service}: {_line(taken, settings)}"
    except Exception as failure:  # noqa: BLE001 - whatever it is, it ends the process
        _log_all(failure)
        code = 1
    finally:
        tracing.flush()
    if code is not None:
        sys.exit(code)


def _line(taken: CannotListen, settings: ServiceSettings) -> str:
    ports = settings.listening()
    variable = listening_ports.variable_of(ports, taken.port)
    return taken.line(settings.variable("host") if taken.is_host else variable)


def _log_all(failure: Exception) -> None:
    """One line for each exception of a group."""
    for one in error_log.leaves(failure):
        log.critical("failed", error=error_log.said(one), stack=error_log.stack(one))


async def _wired(settings: S, wire: Wire[S]) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in STOPS:
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    async with wire(settings) as process:
        _settle_garbage()
        try:
            await run(process, stop, settings.drain_delay, settings.grace)
        finally:
            for number in STOPS:  # never the default in between: a second one would kill
                signal.signal(number, signal.SIG_IGN)


def _settle_garbage() -> None:
    """Look for cycles in what a request makes only, and more rarely: 4 µs less for each request."""
    gc.collect()
    gc.freeze()  # modules, routes, clients: as old as the process
    gc.set_threshold(10_000)  # objects; by default 700


async def run(process: Process, stop: asyncio.Event, drain_delay: float, grace: float) -> None:
    """Serve until stop is set; then say not ready, wait drain_delay, and drain within grace.

    Clients that are not done then are cut off: that is no failure. Raises TimeoutError when the
    grace time (seconds) ran out for another reason, and whatever a component raised.
    """
    async with asyncio.TaskGroup() as group:
        for component in process.components:
            group.create_task(component.serve(), name=component.name)
        log.info("started", components=[c.name for c in process.components])
        await stop.wait()
        log.info("draining", grace=grace)
        process.health.turn_off()
        await asyncio.sleep(drain_delay)
        await _drain(process.components, grace)
    log.info("stopped")


async def _drain(components: Sequence[Component], grace: float) -> None:
    try:
        await _drain_within(components, grace)
    except TimeoutError:
        cut = sum(component.cut() for component in components if isinstance(component, CutsOff))
        if not cut:
            raise
        log.warning("clients cut off", connections=cut, grace=grace)
        await _drain_within(components, CUT_WITHIN)


async def _drain_within(components: Sequence[Component], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        for component in reversed(components):
            await component.drain()
