"""Third-party programs, written in Go, that tests run."""

import os
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[3] / ".tools"


def tool(name: str) -> str:
    """Return the path of a tool that `make check` builds; without it skip, but not in CI."""
    if not (TOOLS / "go/ready").exists():
        told = f"no {name}: `make check` builds it if Go is installed"
        pytest.fail(told) if os.environ.get("CI") == "true" else pytest.skip(told)
    return str(TOOLS / "bin" / name)
