"""The table of slow tests counts the CPU seconds of every process that a test has started."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from chassis.testing import eventually
from tests.support.costs.usage import Usage

BUSY = "import time\nwhile time.process_time() < 0.6: pass\n"
USED = 0.5  # CPU seconds; the system counts in steps of 10 ms


def usage_with(*daemons: int) -> Usage:
    usage = Usage(lambda process: process.pid in daemons, os.getpid())
    usage.since_last()
    return usage


def test_ended_child_is_counted_once() -> None:
    usage = usage_with()
    burn()
    assert usage.since_last() >= USED
    assert usage.since_last() < USED / 2


def burn() -> None:
    subprocess.run([sys.executable, "-c", BUSY], check=True)


async def is_gone(pid: int) -> None:
    assert not psutil.pid_exists(pid)


def daemon(code: str) -> int:
    """Start Python with this code, and end its parent."""
    run = f"s.Popen([{sys.executable!r}, '-c', {code!r}], stdout=2)"
    start = f"import subprocess as s; print({run}.pid)"
    return int(subprocess.check_output([sys.executable, "-Wignore", "-c", start]))


async def test_daemon_is_counted_and_its_end_takes_nothing_away(tmp_path: Path) -> None:
    begin, ready = tmp_path / "begin", tmp_path / "ready"
    waits = f"import os, time\nwhile not os.path.exists({str(begin)!r}): time.sleep(0.05)\n"
    pid = daemon(f"{waits}{BUSY}open({str(ready)!r}, 'w')\ntime.sleep(60)")
    usage = usage_with(pid)
    begin.touch()

    async def is_ready() -> None:
        assert ready.exists()

    await eventually(is_ready, within=30)
    assert usage.since_last() >= USED / 2  # its start and its wait were before
    os.kill(pid, signal.SIGKILL)
    await eventually(lambda: is_gone(pid), within=30)
    burn()
    assert usage.since_last() >= USED
