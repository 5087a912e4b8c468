"""A bash session, as that of a user who follows a page: variables stay from step to step."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

LARGEST_LINE = 2**20


class Shell:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        assert process.stdout
        self._in, self._out = process.stdin, process.stdout

    async def run(self, commands: str, within: float) -> str:
        """Return the commands' output; raise AssertionError if the last one fails."""
        end = f"end-{uuid.uuid4()}"
        self._in.write(f"{commands}\nprintf '\\n%s %s\\n' {end} $?\n".encode())
        printed: list[str] = []
        async with asyncio.timeout(within):
            while not (line := (await self._out.readline()).decode()).startswith(end):
                assert line, f"the shell has ended:\n{''.join(printed)}"
                printed.append(line)
        assert line.split()[1] == "0", f"{commands}\n{''.join(printed)}"
        return "".join(printed)


@asynccontextmanager
async def opened(folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Shell]:
    process = await asyncio.create_subprocess_exec(
        "bash",
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=LARGEST_LINE,
    )
    try:
        yield Shell(process)
    finally:
        assert process.stdin
        process.stdin.close()
        await process.wait()
