"""Operator programs, with the running stack's own settings."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local_stack.addresses import Addresses
from tests.support.stack.measured import MEASURED

TIMEOUT = 120  # seconds for a command


@dataclass(frozen=True, slots=True)
class Tool:
    """`redis-projector`, `search-projector` or `view-verifier`."""

    stack: Addresses
    program: str

    async def started(
        self, *words: str, settings: Mapping[str, str] | None = None
    ) -> asyncio.subprocess.Process:
        """Start the command; its output is on stdout, its errors on stderr.

        settings: override those of the stack for the program.
        """
        own = self.stack.environment(self.program) if settings is None else settings
        return await asyncio.create_subprocess_exec(
            Path(sys.executable).parent / self.program,
            *words,
            env={**own, **MEASURED},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def done(self, *words: str) -> str:
        """Return the command's output; raise AssertionError if it fails."""
        code, output, complained = await self.ended(*words)
        assert code == 0, output + complained
        return output

    async def ended(
        self, *words: str, settings: Mapping[str, str] | None = None
    ) -> tuple[int | None, str, str]:
        """Return the command's exit code, its output, and its errors."""
        process = await self.started(*words, settings=settings)
        try:
            output, complained = await asyncio.wait_for(process.communicate(), TIMEOUT)
        finally:
            if process.returncode is None:
                process.kill()
        return process.returncode, output.decode(), complained.decode()


def verifier(stack: Addresses) -> Tool:
    """Return `view-verifier`; its first word names the projector whose view it verifies."""
    return Tool(stack, "view-verifier")
