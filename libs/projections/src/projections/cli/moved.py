"""The former command `verify`, which moved to the program view-verifier."""

import shlex
import sys
from collections.abc import Sequence
from typing import NoReturn


def refuse_verify(projector: str, words: Sequence[str]) -> NoReturn:
    """Print the replacement for `verify` in one line, and exit with 2."""
    command = shlex.join(["view-verifier", projector, *words])
    print(f"{projector}: `verify` moved to another program; run: {command}", file=sys.stderr)
    sys.exit(2)
