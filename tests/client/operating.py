"""The operator's tool of a projector, with the running stack's own settings."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from local_stack.addresses import Addresses

WITHIN = 120  # seconds for a command


@dataclass(frozen=True, slots=True)
class Tool:
    """`redis-projector` or `search-projector`."""

    stack: Addresses
    projector: str

    async def started(self, *words: str) -> asyncio.subprocess.Process:
        """The command while it runs; what it prints is on stdout, what was wrong on stderr."""
        return await asyncio.create_subprocess_exec(
            Path(sys.executable).parent / self.projector,
            *words,
            env=self.stack.environment(self.projector),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def done(self, *words: str) -> str:
        """What the command printed; AssertionError when it could not do what was asked."""
        code, told, complained = await self.ended(*words)
        assert code == 0, told + complained
        return told

    async def ended(self, *words: str) -> tuple[int | None, str, str]:
        """The command's exit code, what it printed, and what was wrong."""
        process = await self.started(*words)
        try:
            told, complained = await asyncio.wait_for(process.communicate(), WITHIN)
        finally:
            if process.returncode is None:
                process.kill()
        return process.returncode, told.decode(), complained.decode()
