"""SIGINT and SIGTERM end a command gracefully, whatever it runs and has inherited."""

import asyncio
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from chassis.process import interrupts
from chassis.process.interrupts import cancellable, interruptible

COMMAND = """
import asyncio, sys, time, uvloop
from chassis.process.interrupts import interruptible

async def work():
    try:
        print("works", flush=True)
        await asyncio.sleep(60)
    finally:
        print("cleaned up", flush=True)

def without_a_loop():
    try:
        print("works", flush=True)
        time.sleep(60)
    finally:
        print("cleaned up", flush=True)

with interruptible():
    {run}
"""
RUNS = ["asyncio.run(work())", "uvloop.run(work())", "without_a_loop()"]
IGNORING = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"]
"""SIGINT is ignored, as for a command started by nohup or by `&` in a script."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("inherited", [[], IGNORING], ids=["default", "ignored"])
@pytest.mark.parametrize("run", RUNS)
def test_signal_ends_the_block_gracefully(
    run: str, inherited: list[str], number: signal.Signals
) -> None:
    process = subprocess.Popen(
        [*inherited, sys.executable, "-c", COMMAND.format(run=run)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "works\n"
    process.send_signal(number)
    output, complained = process.communicate(timeout=20)
    assert (process.returncode, output, complained) == (128 + number, "cleaned up\n", "")


async def test_a_cancellation_that_the_work_swallows_is_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(interrupts, "CANCEL_EVERY", 0.01)
    swallowed = asyncio.Event()

    async def work() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        swallowed.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(cancellable(work()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 10)
    assert swallowed.is_set()


async def test_result_and_error_of_the_work_are_passed_on() -> None:
    assert await cancellable(asyncio.sleep(0, "done")) == "done"
    with pytest.raises(TimeoutError):
        await cancellable(asyncio.wait_for(asyncio.Event().wait(), 0))


def test_signal_handlers_are_restored_after_the_block() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with interruptible():
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
