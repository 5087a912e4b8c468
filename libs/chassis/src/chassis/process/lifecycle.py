"""Run components until a signal, then drain them in reverse order."""

import asyncio
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import structlog
import uvloop

from chassis.limits.connections import raise_descriptor_limit
from chassis.observability import error_log, telemetry, tracing
from chassis.process import port_settings, workers
from chassis.process.components import Component, CutsOff, Process
from chassis.process.listening import CannotListen
from chassis.process.settings import ServiceSettings, load
from chassis.process.worker_admin import admin_of

CUT_WITHIN = 0.5  # seconds to finish once connections were aborted; it takes milliseconds
CANCEL_EVERY = 2.0  # seconds between two cancellations, for a component to clean up
LAST = 5.0  # seconds for stores to close after all components have ended
STOPS = (signal.SIGTERM, signal.SIGINT)
log = structlog.get_logger()


Tasks = Sequence["asyncio.Task[None]"]
S = TypeVar("S", bound=ServiceSettings)
Wire = Callable[[S], AbstractAsyncContextManager[Process]]


def launch(service: str, settings_type: type[S], wire: Wire[S]) -> None:
    """Run a service: settings, telemetry, wiring, signals; in as many processes as configured.

    Exits 0 after a graceful shutdown, and 1 when a component failed or the grace time ran out. If
    it cannot listen on an address, it exits 1 with one line on standard error.
    """
    settings = load(settings_type)
    telemetry.configure_logs(service, settings.log_level)
    raise_descriptor_limit()
    code: int | str | None = None
    try:
        serves = wire if settings.process_count == 1 else _forked(settings, wire)
        tracing.configure(service, settings.otlp_endpoint, settings.trace_ratio)
        code = uvloop.run(_wired(settings, serves))
    except CannotListen as taken:
        code = f"{service}: {_line(taken, settings)}"
    except Exception as failure:  # noqa: BLE001 - any failure ends the process
        _log_all(failure)
        code = 1
    finally:
        tracing.flush()
    if code is not None:
        sys.exit(code)


def _forked(settings: S, wire: Wire[S]) -> Wire[S]:
    """Fork the service's processes; return what this one serves. The supervisor never returns."""
    sockets = workers.opened(settings.host, settings.listening(), settings.process_count)
    within = settings.drain_delay + settings.grace + CUT_WITHIN + LAST
    role = workers.fork(sockets, within)
    return wire if role.is_worker else admin_of(role)


def _line(taken: CannotListen, settings: ServiceSettings) -> str:
    ports = settings.listening()
    variable = port_settings.variable_of(ports, taken.port)
    return taken.line(settings.variable("host") if taken.is_host else variable, settings.stopping)


def _log_all(failure: Exception) -> None:
    """Log one line for each exception of a group."""
    for one in error_log.leaves(failure):
        log.critical("process failed", error=error_log.message(one), stack=error_log.stack(one))


async def _wired(settings: S, wire: Wire[S]) -> int | None:
    """Return None after a graceful shutdown, 1 when a component failed, which is logged."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in STOPS:
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    async with wire(settings) as process:
        _settle_garbage()
        try:
            await run(process, stop, settings.drain_delay, settings.grace)
        except Exception as failure:  # noqa: BLE001 - logged before stores close, which may hang
            _log_all(failure)
            return 1
        finally:
            for number in STOPS:  # never the default handler: a second signal would kill
                signal.signal(number, signal.SIG_IGN)
            _end_within(LAST)
    return None


def _end_within(seconds: float) -> None:
    """Kill the process after so many seconds: a store may not close, a task not be cancelled."""
    last = threading.Timer(seconds, os._exit, [1])
    last.daemon = True  # it does not keep the process alive
    last.start()


def _settle_garbage() -> None:
    """Exclude startup objects from garbage collection and run it less often: 4 µs per request."""
    gc.collect()
    gc.freeze()  # modules, routes, clients: as old as the process
    gc.set_threshold(10_000)  # objects; by default 700


async def run(process: Process, stop: asyncio.Event, drain_delay: float, grace: float) -> None:
    """Serve until stop is set; then report "not ready", wait drain_delay, and drain within grace.

    After that, remaining connections are aborted and requests that wait for a dependency are
    cancelled; this is not a failure. Raises an ExceptionGroup of what components raised, and of
    TimeoutError when a component does not drain even so. Takes at most a second more than
    drain_delay and grace (seconds).
    """
    tasks = [
        asyncio.create_task(component.serve(), name=component.name)
        for component in process.components
    ]
    log.info("started", components=[c.name for c in process.components])
    failures: list[Exception] = []
    try:
        await _until(stop, tasks)
        if stop.is_set():
            await _drain(process, tasks, drain_delay, grace)
    except TimeoutError as late:
        failures.append(late)
    finally:
        # After a drain they have had their grace time.
        failures += await _cancelled(tasks, CUT_WITHIN if stop.is_set() else grace)
    if failures:
        raise ExceptionGroup("the process failed", failures)
    log.info("stopped")


async def _until(stop: asyncio.Event, tasks: Tasks) -> None:
    """Return when stop is set, or a component has failed."""
    waiting = asyncio.create_task(stop.wait())
    pending: set[asyncio.Task[Any]] = {waiting, *tasks}
    try:
        while not waiting.done() and not _failures(tasks):
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


async def _drain(process: Process, tasks: Tasks, drain_delay: float, grace: float) -> None:
    log.info("draining", grace=grace)
    process.health.turn_off()
    await asyncio.sleep(drain_delay)
    try:
        await _drained(process.components, tasks, grace)
    except TimeoutError:
        _cut(process.components, tasks, grace)
        await _drained(process.components, tasks, CUT_WITHIN)


async def _cancelled(tasks: Tasks, within: float) -> list[Exception]:
    """Cancel running tasks; return what components raised, and a TimeoutError if one hangs.

    Tasks are cancelled repeatedly: a library may swallow a cancellation, as aiokafka does.
    """
    end = time.monotonic() + within
    while running := [task for task in tasks if not task.done()]:
        if time.monotonic() > end:
            names = ", ".join(task.get_name() for task in running)
            return [*_failures(tasks), TimeoutError(f"{names} did not stop within {within} s")]
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=min(CANCEL_EVERY, within))
    return _failures(tasks)


def _failures(tasks: Tasks) -> list[Exception]:
    ended = [task.exception() for task in tasks if task.done() and not task.cancelled()]
    return [error for error in ended if isinstance(error, Exception)]


async def _drained(components: Sequence[Component], tasks: Tasks, seconds: float) -> None:
    """Drain all components and wait for their tasks; raises TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        for component in reversed(components):
            await component.drain()
        for task in tasks:
            await asyncio.wait([task])


def _cut(components: Sequence[Component], tasks: Tasks, grace: float) -> None:
    """Abort the remaining connections, and cancel tasks that wait for a dependency."""
    cut = sum(component.cut() for component in components if isinstance(component, CutsOff))
    if cut:
        log.warning("connections aborted", connections=cut, grace=grace)
    for task in tasks:
        task.cancel()
