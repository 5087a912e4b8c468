"""SIGINT and SIGTERM end a command in order, whatever it runs and whatever it inherited."""

import signal
import subprocess
import sys

import pytest

from chassis.interrupts import interruptible

COMMAND = """
import asyncio, sys, time, uvloop
from chassis.interrupts import interruptible

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
"""As nohup and `&` of a script start a command."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("inherited", [[], IGNORING], ids=["default", "ignored"])
@pytest.mark.parametrize("run", RUNS)
def test_a_signal_ends_the_block_in_order(
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
    told, complained = process.communicate(timeout=20)
    assert (process.returncode, told, complained) == (128 + number, "cleaned up\n", "")


def test_behind_the_block_signals_are_what_they_were() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with interruptible():
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
