"""Third-party programs, written in Go, that tests run."""

import os
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[3] / ".tools"
READY = TOOLS / "go/ready"


def tool(name: str) -> str:
    """Return the path of a tool that `make check` builds; without it skip, but not in CI."""
    if not READY.exists():
        reason = f"no {name}: `make check` builds it if Go is installed"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return str(TOOLS / "bin" / name)
