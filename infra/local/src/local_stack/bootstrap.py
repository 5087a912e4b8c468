"""Steps of a server's first start: a command that must succeed, a configuration file."""

import subprocess
from pathlib import Path

from local_stack import StackError
from local_stack.programs import START_WITHIN


def run(command: list[str], what: str, log: Path) -> None:
    """Run a command; raise StackError with its last output line if it fails or takes too long."""
    with log.open("w") as output:
        try:
            ended = subprocess.run(
                command, stdout=output, stderr=output, timeout=START_WITHIN, check=False
            )
        except subprocess.TimeoutExpired:
            raise StackError(
                f"{what}: timed out after {START_WITHIN:.0f} s; see its output in {log}"
            ) from None
    if ended.returncode:
        words = log.read_text().strip().splitlines() or ["no output"]
        raise StackError(f"{what} failed: {words[-1]} (full output in {log})")


def properties(target: Path, shared: Path, settings: dict[str, str]) -> Path:
    """Write a Java properties file: the shared one, then this instance's settings, which win."""
    lines = [f"{name}={value}\n" for name, value in settings.items()]
    target.write_text(f"{shared.read_text()}\n# This instance\n{''.join(lines)}")
    return target
