"""A test's own server process."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

STOPS_WITHIN = 60  # seconds


@contextmanager
def process(
    log: Path, command: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run it during the block, with these variables added; its output goes to log."""
    with log.open("ab") as written:
        running = subprocess.Popen(
            command, env=os.environ | dict(environment or {}), stdout=written, stderr=written
        )
    try:
        yield running
    finally:
        running.terminate()
        running.wait(STOPS_WITHIN)
