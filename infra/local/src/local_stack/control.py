"""State of a running instance's programs; start and stop one of them."""

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from xmlrpc.client import Fault

import psutil

from local_stack import StackError
from local_stack.layout import Instance
from local_stack.supervisor import MARK, NO_WAIT, call, is_running

DOWN = ("STOPPED", "EXITED", "FATAL", "UNKNOWN")
EVERY = 0.1


@dataclass(frozen=True, slots=True)
class State:
    """A program's state as reported by supervisor."""

    name: str
    state: str
    pid: int
    started_at: float

    @property
    def is_up(self) -> bool:
        return self.state not in DOWN


def states(instance: Instance) -> dict[str, State]:
    """Return every program's state; raise StackError if the instance is not running."""
    try:
        found = call(instance, "getAllProcessInfo")
    except (OSError, Fault) as error:  # a fault: supervisord is about to end
        raise StackError(f"instance {instance.name!r} is not running") from error
    return {
        one["name"]: State(one["name"], one["statename"], one["pid"], one["start"]) for one in found
    }


def state(instance: Instance, program: str) -> State:
    """Return a program's state; raise StackError if there is no such program."""
    found = states(instance)
    if program not in found:
        raise StackError(f"no program {program!r}; known programs: {', '.join(sorted(found))}")
    return found[program]


def pid_of(instance: str, program: str) -> int:
    """Return a program's process id, 0 if it is not running. Raises StackError."""
    return state(Instance(instance), program).pid


def start(instance: str, program: str) -> None:
    """Start a program unless it is running; do not wait for its health. Raises StackError."""
    if not state(Instance(instance), program).is_up:
        call(Instance(instance), "startProcess", program, NO_WAIT)


def stop(instance: str, program: str, within: float = 60.0) -> None:
    """Stop a program and wait for its process to end; raise StackError if it does not."""
    stop_all(Instance(instance), [program], within)


def stop_all(instance: Instance, programs: list[str], within: float = 60.0) -> None:
    """Stop programs in parallel; supervisor kills one that exceeds its time."""
    for name in programs:
        if state(instance, name).is_up:
            call(instance, "stopProcess", name, NO_WAIT)
    deadline = time.monotonic() + within
    while still := [name for name in programs if state(instance, name).is_up]:
        if time.monotonic() > deadline:
            raise StackError(f"{', '.join(still)} did not stop within {within:.0f} s")
        time.sleep(EVERY)


def shut_down(instance: Instance, within: float = 30.0) -> None:
    """End supervisord, and processes left behind by one that was killed."""
    left = [process for process in psutil.process_iter() if belongs(process, instance)]
    if is_running(instance):
        call(instance, "shutdown")
    else:
        signal_all(left, signal.SIGTERM)
    _, left = psutil.wait_procs(left, timeout=within)
    signal_all(left, signal.SIGKILL)
    psutil.wait_procs(left, timeout=within)


def signal_all(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def belongs(process: psutil.Process, instance: Instance) -> bool:
    """Return true for this instance's supervisord and its children: all carry its mark."""
    try:
        return process.pid != os.getpid() and process.environ().get(MARK) == str(instance.home)
    except psutil.Error:
        return False
