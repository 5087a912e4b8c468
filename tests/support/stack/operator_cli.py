"""The programs of an operator, with the running stack's own settings."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local_stack.addresses import Addresses

WITHIN = 120  # seconds for a command


@dataclass(frozen=True, slots=True)
class Tool:
    """`redis-projector`, `search-projector` or `view-verifier`."""

    stack: Addresses
    program: str

    async def started(
        self, *words: str, settings: Mapping[str, str] | None = None
    ) -> asyncio.subprocess.Process:
        """The command while it runs; what it prints is on stdout, what was wrong on stderr.

        settings: in place of those that the stack has for the program.
        """
        return await asyncio.create_subprocess_exec(
            Path(sys.executable).parent / self.program,
            *words,
            env=self.stack.environment(self.program) if settings is None else settings,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def done(self, *words: str) -> str:
        """What the command printed; AssertionError when it could not do what was asked."""
        code, told, complained = await self.ended(*words)
        assert code == 0, told + complained
        return told

    async def ended(
        self, *words: str, settings: Mapping[str, str] | None = None
    ) -> tuple[int | None, str, str]:
        """The command's exit code, what it printed, and what was wrong."""
        process = await self.started(*words, settings=settings)
        try:
            told, complained = await asyncio.wait_for(process.communicate(), WITHIN)
        finally:
            if process.returncode is None:
                process.kill()
        return process.returncode, told.decode(), complained.decode()


def verifier(stack: Addresses) -> Tool:
    """`view-verifier`; its first word names the projector whose view it verifies."""
    return Tool(stack, "view-verifier")
