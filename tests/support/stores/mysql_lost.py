"""Loss of MySQL: it is killed, its data directory removed, and an empty one replaces it."""

import asyncio
import os
import shutil
import signal
from datetime import UTC, datetime
from pathlib import Path

from local_stack import addresses, control, stack, supervisor
from local_stack.addresses import Addresses
from local_stack.jobs import jobs
from local_stack.launch import Launch, Step
from local_stack.layout import Instance
from local_stack.programs import Context
from local_stack.servers import servers

RENEWED = {"mysql", "mysql-users", "migrate"}


async def destroyed(found: Addresses) -> str:
    """Destroy its data; return when MySQL was killed (RFC 3339). Other programs keep running."""
    data = Path(found.home) / "data" / "mysql"
    pid = control.pid_of(found.instance, "mysql")
    data.rename(data.with_suffix(".lost"))  # so that supervisor does not start one on it
    os.kill(pid, signal.SIGKILL)
    killed_at = datetime.now(UTC).isoformat()
    await asyncio.to_thread(control.stop, found.instance, "mysql")
    await asyncio.to_thread(shutil.rmtree, data.with_suffix(".lost"))
    return killed_at


async def replaced(found: Addresses) -> None:
    """Return when an empty MySQL has its users and tables."""
    instance = Instance(found.instance, found.port_offset, found.form)
    context = Context(instance, addresses.of(instance), stack.fetch(), supervisor.BIN)
    known: list[Step] = [*servers(context), *jobs(context)]
    steps = [step for step in known if step.name in RENEWED]
    await asyncio.to_thread(Launch(instance, lambda *_: None).run, steps)
