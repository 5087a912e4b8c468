"""Programs of others, written in Go, that tests run."""

import os
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[3] / ".tools"


def tool(name: str) -> str:
    """The path of a tool that `make check` builds; without it a test is left out, but not in CI."""
    if not (TOOLS / "go/ready").exists():
        told = f"no {name}: `make check` builds it, where there is Go"
        pytest.fail(told) if os.environ.get("CI") == "true" else pytest.skip(told)
    return str(TOOLS / "bin" / name)
