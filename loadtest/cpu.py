"""CPU seconds of every program of the running stack, from /proc; children and threads included."""

import time
from collections.abc import Mapping
from contextlib import suppress

import psutil

from local_stack import control
from local_stack.layout import Instance

Seconds = Mapping[str, float]
"""Program → CPU seconds."""
LOOPS = 2_000_000  # of the reference: about 0.1 s


def used(instance: str) -> Seconds:
    """Return the CPU seconds of each running program since its start."""
    running = control.states(Instance(instance)).values()
    return {one.name: of_process(one.pid) for one in running if one.pid}


def of_process(pid: int) -> float:
    """Return the CPU seconds of a process and of all its descendants; 0 if it has ended."""
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        return sum(map(_own, [root, *root.children(recursive=True)]))
    return 0.0


def _own(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)
    return 0.0


def since(before: Seconds, after: Seconds) -> Seconds:
    """Return what was used in between; a program that was restarted counts from its start."""
    return {
        name: spent if spent < before.get(name, 0.0) else spent - before.get(name, 0.0)
        for name, spent in after.items()
    }


def reference() -> float:
    """Return the CPU milliseconds of a fixed loop, the best of ten: the speed of this machine.

    Figures of two machines, or of one machine at two loads, are compared after division by it.
    """
    best = float("inf")
    for _ in range(10):
        began = time.process_time()
        for _ in range(LOOPS):
            pass
        best = min(best, time.process_time() - began)
    return 1000 * best
