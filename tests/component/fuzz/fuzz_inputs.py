"""The fuzzer's targets, and the stored inputs of each."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CORPUS, REGRESSIONS = HERE / "corpus", HERE / "regressions"
TARGETS = [
    "http2_connections",
    "header_blocks",
    "grpc_calls",
    "grpc_messages",
    "http1_requests",
    "records",
    "cursors",
]


def target(name: str) -> Any:
    """Return the module of a target."""
    return import_module(f"tests.component.fuzz.fuzz_targets.{name}")


def kept(name: str) -> Iterator[tuple[str, bytes]]:
    """Yield each input of a target that is in the repository, with its name."""
    yield from target(name).seeds().items()
    for directory in (CORPUS, REGRESSIONS):
        for file in sorted((directory / name).glob("*")):
            yield f"{directory.name}/{file.name}", file.read_bytes()
