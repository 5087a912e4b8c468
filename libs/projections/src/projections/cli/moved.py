"""The command and the settings that left the projectors for the program view-verifier."""

import shlex
import sys
from collections.abc import Sequence
from typing import NoReturn

MOVED_SETTINGS = {
    f"mysql_{name}": f"view-verifier reads the event store now: VIEW_VERIFIER_MYSQL_{name.upper()}"
    for name in ("host", "port", "database", "user", "password", "ca_file")
}
"""Setting of a projector before → where it is now."""


def refuse_verify(projector: str, words: Sequence[str]) -> NoReturn:
    """Say in one line which command does what `verify` did, and exit with 2."""
    command = shlex.join(["view-verifier", projector, *words])
    print(f"{projector}: `verify` is a program of its own now: {command}", file=sys.stderr)
    sys.exit(2)
