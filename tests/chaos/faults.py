"""What can go wrong, done to the running stack."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import replicas

from chassis.testing import eventually
from local_stack import control
from local_stack.layout import Instance
from local_stack.programs import Program

BACK_WITHIN = 90.0  # seconds


async def kill(instance: Instance, program: str, how: signal.Signals = signal.SIGKILL) -> None:
    """End a program's process; return when supervisor has started another one."""
    ended = await asyncio.to_thread(control.pid_of, instance.name, program)
    if ended:
        os.kill(ended, how)
    await eventually(lambda: _another(instance, program, ended), within=BACK_WITHIN, every=0.2)


async def _another(instance: Instance, program: str, ended: int) -> None:
    pid = await asyncio.to_thread(control.pid_of, instance.name, program)
    assert pid not in {0, ended}


@asynccontextmanager
async def away(instance: Instance, program: str) -> AsyncIterator[None]:
    """The program was stopped in order, and is started again after the block."""
    await asyncio.to_thread(control.stop, instance.name, program)
    try:
        yield
    finally:
        await asyncio.to_thread(control.start, instance.name, program)


async def healthy(instance: Instance, program: str) -> None:
    """Return when the program answers."""
    await replicas.healthy(definition(instance, program))


def definition(instance: Instance, program: str) -> Program:
    return next(one for one in replicas.everything(instance) if one.name == program)
