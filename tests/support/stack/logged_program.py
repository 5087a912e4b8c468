"""A service's console command, with the test's own settings and its captured log."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.stack.measured import MEASURED

TIMEOUT = 30  # seconds for the program to exit after the signal


@dataclass
class LoggedProgram:
    """A running program and the lines that it has logged so far."""

    process: asyncio.subprocess.Process
    lines: list[dict[str, Any]] = field(default_factory=list)

    def logged(self, level: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["level"] == level]

    async def ended(self, within: float = TIMEOUT) -> int:
        """Return the exit code, once the program has exited by itself."""
        return await asyncio.wait_for(self.process.wait(), within)


@asynccontextmanager
async def logged(command: str, settings: Mapping[str, str]) -> AsyncIterator[LoggedProgram]:
    """Run the command with these settings only until the block ends."""
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).parent / command,
        env={**settings, **MEASURED, "PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.PIPE,
    )
    program = LoggedProgram(process)
    reading = asyncio.create_task(_read(program))
    try:
        yield program
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), TIMEOUT)
        await reading


async def _read(program: LoggedProgram) -> None:
    assert program.process.stdout is not None
    async for line in program.process.stdout:
        program.lines.append(json.loads(line))
