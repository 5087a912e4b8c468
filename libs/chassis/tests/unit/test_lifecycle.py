"""Components run until a signal, then drain in reverse order within a bounded time."""

import asyncio
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from chassis.process import lifecycle
from chassis.process.components import Process
from chassis.process.health import Health
from chassis.process.lifecycle import run


class Recorded:
    """A component that records its calls."""

    def __init__(self, name: str, diary: list[str], drain_time: float = 0) -> None:
        self.name = name
        self._diary = diary
        self._drain_time = drain_time
        self._drained = asyncio.Event()

    async def serve(self) -> None:
        self._diary.append(f"{self.name} serves")
        await self._drained.wait()

    async def drain(self) -> None:
        await asyncio.sleep(self._drain_time)
        self._diary.append(f"{self.name} drains")
        self._drained.set()


class Failing(Recorded):
    async def serve(self) -> None:
        raise OSError("port in use")


async def test_the_last_to_start_is_the_first_to_drain() -> None:
    diary: list[str] = []
    health = Health({})
    stop = asyncio.Event()
    stop.set()
    await run(Process([Recorded("a", diary), Recorded("b", diary)], health), stop, 0, 1)
    assert diary == ["a serves", "b serves", "b drains", "a drains"]
    assert health.is_draining


async def test_a_failing_component_ends_the_process() -> None:
    process = Process([Recorded("a", []), Failing("b", [])], Health({}))
    with pytest.raises(ExceptionGroup) as failed:
        await run(process, asyncio.Event(), 0, 1)
    assert failed.group_contains(OSError, match="port in use")


class Deaf(Recorded):
    """Swallows a number of cancellations, as aiokafka may do."""

    swallowed = 1
    task: "asyncio.Task[None] | None" = None

    async def serve(self) -> None:
        self.task = asyncio.current_task()
        for _ in range(self.swallowed):
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        await asyncio.Event().wait()


async def test_a_failing_component_ends_the_process_although_another_swallows_a_cancellation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lifecycle, "CANCEL_EVERY", 0.05)
    process = Process([Deaf("a", []), Failing("b", [])], Health({}))
    with pytest.raises(ExceptionGroup) as failed:
        async with asyncio.timeout(5):
            await run(process, asyncio.Event(), 0, 3)
    assert failed.group_contains(OSError, match="port in use")


async def test_component_that_ignores_cancellation_is_abandoned_and_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Deaf, "swallowed", 7)
    deaf = Deaf("a", [])
    with pytest.raises(ExceptionGroup) as failed:
        await run(Process([deaf, Failing("b", [])], Health({})), asyncio.Event(), 0, 0.05)
    assert failed.group_contains(OSError, match="port in use")
    assert failed.group_contains(TimeoutError, match="a did not stop")
    while deaf.task and not deaf.task.done():  # else pytest waits for it at its end
        deaf.task.cancel()
        await asyncio.sleep(0)


class Waiting:
    """A component that waits for a dependency that never responds, even while it drains."""

    name = "waiting"

    async def serve(self) -> None:
        await asyncio.Event().wait()

    async def drain(self) -> None:
        pass


async def test_waiting_for_a_dependency_ends_with_the_grace_time() -> None:
    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(5):
        await run(Process([Waiting()], Health({})), stop, 0, 0.05)


async def test_the_grace_time_is_a_limit() -> None:
    stop = asyncio.Event()
    stop.set()
    with pytest.raises(ExceptionGroup) as failed:
        await run(Process([Recorded("a", [], drain_time=60)], Health({})), stop, 0, 0.05)
    assert failed.group_contains(TimeoutError)


SERVICE = """
from contextlib import asynccontextmanager
from chassis.process.health import Health
from chassis.process.components import Process
from chassis.process.lifecycle import launch
from chassis.process.settings import ServiceSettings, settings_config

class Settings(ServiceSettings):
    model_config = settings_config("TOLD_OFTEN_")
    admin_port: int = 0
    drain_delay: float = 0

@asynccontextmanager
async def wire(settings):
    print("wired", flush=True)
    yield Process([], Health({}))

launch("test", Settings, wire)
"""


STUCK = SERVICE.replace("[], Health", "[Deaf(), Failing()], Health").replace(
    "@async",
    """
import asyncio

class Deaf:
    name = "deaf"
    async def serve(self):
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                pass

class Failing:
    name = "failing"
    async def serve(self):
        raise OSError("the disk is on fire")

@async""",
)


def test_process_exits_although_a_component_hangs() -> None:
    environment = {"TOLD_OFTEN_GRACE": "0.5"}
    done = subprocess.run(
        [sys.executable, "-c", STUCK],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "the disk is on fire" in done.stdout
    assert "deaf did not stop" in done.stdout


IGNORING = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"]
"""SIGINT is ignored, as for a command started by nohup or by `&` in a script."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("inherited", [[], IGNORING], ids=["default", "ignored"])
def test_second_signal_does_not_kill_a_shutdown(
    inherited: list[str], number: signal.Signals
) -> None:
    process = subprocess.Popen([*inherited, sys.executable, "-c", SERVICE], stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"wired\n"
    while process.poll() is None:  # at every moment of its end, the interpreter's own among them
        process.send_signal(number)
    process.stdout.close()
    assert process.returncode == 0
