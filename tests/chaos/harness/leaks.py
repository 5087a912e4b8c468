"""I10: resources of a process before and after a fault."""

from dataclasses import dataclass

import psutil

from local_stack import control
from local_stack.addresses import SERVICES
from local_stack.layout import Instance
from tests.chaos.harness.replicas import second

# A pool fills under load and keeps its connections; reliability allows a tenth more.
GROWTH, FILES, MEMORY = 1.1, 32, 24 * 2**20


@dataclass(frozen=True, slots=True)
class Held:
    """Open files and sockets, and bytes of memory, of one process."""

    program: str
    files: int
    memory: int


def held(instance: Instance) -> dict[int, Held]:
    """Return process id → resources of each replica of a service."""
    found = {}
    for name, state in control.states(instance).items():
        if state.pid and name in {*SERVICES, *map(second, SERVICES)}:
            process = psutil.Process(state.pid)
            found[state.pid] = Held(name, process.num_fds(), process.memory_info().rss)
    return found


def grown(before: dict[int, Held], after: dict[int, Held]) -> list[str]:
    """Return the surviving processes whose resources grew."""
    return [
        f"I10 {now.program} held {then}, holds {now}"
        for pid, then in before.items()
        if (now := after.get(pid)) is not None
        and (now.files > GROWTH * then.files + FILES or now.memory > GROWTH * then.memory + MEMORY)
    ]
