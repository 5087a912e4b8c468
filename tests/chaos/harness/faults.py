"""Faults of processes, injected into the running stack."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp

from chassis.testing import eventually
from local_stack import control
from local_stack.addresses import Addresses
from local_stack.supervisor import call
from tests.chaos.harness.replicas import Replicas

BACK_WITHIN = 90.0  # seconds


async def kill(replicas: Replicas, program: str) -> None:
    """Kill a program's process; return when supervisor has started another one."""
    ended = await _pid(replicas, program)

    async def another() -> None:
        assert await _pid(replicas, program) not in {0, ended}

    if ended:
        os.kill(ended, signal.SIGKILL)
    await eventually(another, within=BACK_WITHIN, every=0.2)


async def restart(replicas: Replicas, program: str) -> float:
    """Send SIGTERM and start it again; return the seconds until it ended with exit code 0."""
    began = time.monotonic()
    await asyncio.to_thread(control.stop, replicas.instance.name, program)
    took = time.monotonic() - began
    ended = await asyncio.to_thread(call, replicas.instance, "getProcessInfo", program)
    assert ended["exitstatus"] == 0, f"{program} ended with {ended['exitstatus']}"
    await asyncio.to_thread(control.start, replicas.instance.name, program)
    await replicas.healthy(program)
    return took


@asynccontextmanager
async def away(replicas: Replicas, program: str) -> AsyncIterator[None]:
    """Stop the program gracefully before the block, and start it after it."""
    await asyncio.to_thread(control.stop, replicas.instance.name, program)
    try:
        yield
    finally:
        await asyncio.to_thread(control.start, replicas.instance.name, program)
    await replicas.healthy(program)


@asynccontextmanager
async def frozen(replicas: Replicas, *programs: str) -> AsyncIterator[None]:
    """Suspend their processes while the block runs (SIGSTOP, SIGCONT)."""
    async with AsyncExitStack() as thawing:
        for program in programs:
            pid = await _pid(replicas, program)
            os.kill(pid, signal.SIGSTOP)
            thawing.callback(os.kill, pid, signal.SIGCONT)
        yield


async def projects(replicas: Replicas, program: str) -> None:
    """Return when a projector has partitions."""
    await replicas.healthy(program)
    admin = replicas.admin(program)

    async def has_partitions() -> None:
        async with aiohttp.ClientSession() as session, session.get(f"{admin}/metrics") as response:
            assert "projector_lag_records{" in await response.text()

    await eventually(has_partitions, within=BACK_WITHIN, every=0.5)


async def connector_runs(stack: Addresses) -> None:
    """Raise AssertionError unless the connector and its task run."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as session,
            session.get(f"{stack.connect_url}/connectors/user-events/status") as response,
        ):
            status = await response.json()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise AssertionError(error) from error
    parts = [status.get("connector", {}), *status.get("tasks", [])]
    assert len(parts) == 2, status
    assert {part["state"] for part in parts} == {"RUNNING"}, status


async def _pid(replicas: Replicas, program: str) -> int:
    return await asyncio.to_thread(control.pid_of, replicas.instance.name, program)
