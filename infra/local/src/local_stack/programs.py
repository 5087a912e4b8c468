"""Contents of an instance: long-running programs, one-shot jobs, and their order."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from local_stack.addresses import Addresses
from local_stack.layout import Instance
from local_stack.software import Software

# Seconds. A program that exits ends the wait at once. On two busy cores, three brokers and a
# registry have taken more than 120 s, and a test run that times out proves nothing about the code.
START_WITHIN = 300.0


def nothing() -> None:
    """Prepare nothing."""


@dataclass(frozen=True, slots=True)
class Program:
    """A server or service that supervisor keeps running."""

    name: str
    command: list[str]
    after: tuple[str, ...]
    healthy: Callable[[], None]
    """Health check: returns if the program answers, else raises any exception."""
    environment: dict[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = nothing
    """Preparation before the start: a formatted folder, an initial password."""
    start_within: float = START_WITHIN
    stop_within: int = 20


@dataclass(frozen=True, slots=True)
class Job:
    """A command that must succeed before its dependents start; it may run again."""

    name: str
    command: list[str]
    after: tuple[str, ...]
    environment: dict[str, str]
    within: float = START_WITHIN


@dataclass(frozen=True, slots=True)
class Context:
    """Input of every program's definition."""

    instance: Instance
    addresses: Addresses
    software: Software
    bin: Path
