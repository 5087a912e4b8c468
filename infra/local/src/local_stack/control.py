"""The programs of a running instance: their state, and stopping and starting one of them."""

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass

import psutil

from local_stack import StackError
from local_stack.layout import Instance
from local_stack.supervisor import MARK, NO_WAIT, call, is_running

DOWN = ("STOPPED", "EXITED", "FATAL", "UNKNOWN")
EVERY = 0.1


@dataclass(frozen=True, slots=True)
class State:
    """What supervisor knows of a program."""

    name: str
    state: str
    pid: int
    started_at: float

    @property
    def is_up(self) -> bool:
        return self.state not in DOWN


def states(instance: Instance) -> dict[str, State]:
    """Every program's state; raise StackError if the instance is not running."""
    try:
        found = call(instance, "getAllProcessInfo")
    except OSError as error:
        raise StackError(f"instance {instance.name!r} is not running") from error
    return {
        one["name"]: State(one["name"], one["statename"], one["pid"], one["start"]) for one in found
    }


def state(instance: Instance, program: str) -> State:
    """A program's state; raise StackError if there is no such program."""
    found = states(instance)
    if program not in found:
        raise StackError(f"there is no program {program!r}; there are {', '.join(sorted(found))}")
    return found[program]


def pid_of(instance: str, program: str) -> int:
    """The process id of a program, 0 if it does not run; raise StackError."""
    return state(Instance(instance), program).pid


def start(instance: str, program: str) -> None:
    """Start a program unless it runs; does not wait until it is healthy. Raises StackError."""
    if not state(Instance(instance), program).is_up:
        call(Instance(instance), "startProcess", program, NO_WAIT)


def stop(instance: str, program: str, within: float = 60.0) -> None:
    """Stop a program and wait until its process has ended; raise StackError if it does not."""
    stop_all(Instance(instance), [program], within)


def stop_all(instance: Instance, programs: list[str], within: float = 60.0) -> None:
    """Stop programs at the same time; supervisor kills one that outlasts its time."""
    for name in programs:
        if state(instance, name).is_up:
            call(instance, "stopProcess", name, NO_WAIT)
    deadline = time.monotonic() + within
    while still := [name for name in programs if state(instance, name).is_up]:
        if time.monotonic() > deadline:
            raise StackError(f"{', '.join(still)} did not stop within {within:.0f} s")
        time.sleep(EVERY)


def shut_down(instance: Instance, within: float = 30.0) -> None:
    """End supervisord; also what a supervisord that was killed has left behind."""
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
    """True of this instance's supervisord and whatever it started: all carry its mark."""
    try:
        return process.pid != os.getpid() and process.environ().get(MARK) == str(instance.home)
    except psutil.Error:
        return False
