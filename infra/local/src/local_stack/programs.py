"""What an instance consists of: programs that run on, jobs that run once, and their order."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from local_stack.addresses import Addresses
from local_stack.layout import Instance
from local_stack.software import Software

# Seconds. A program that dies ends the wait at once; on two busy cores three brokers and a registry
# have taken more than 120 s, and a test run that ends for that says nothing about the code.
START_WITHIN = 300.0


def nothing() -> None:
    """For a program that needs no preparation."""


@dataclass(frozen=True, slots=True)
class Program:
    """A server or service that supervisor keeps running."""

    name: str
    command: list[str]
    after: tuple[str, ...]
    healthy: Callable[[], None]
    """Returns if it answers, raises anything if not."""
    environment: dict[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = nothing
    """What must be there before it starts: a formatted folder, a first password."""
    start_within: float = START_WITHIN
    stop_within: int = 20


@dataclass(frozen=True, slots=True)
class Job:
    """A command that must end well before what comes after it starts; it may run again."""

    name: str
    command: list[str]
    after: tuple[str, ...]
    environment: dict[str, str]
    within: float = START_WITHIN


@dataclass(frozen=True, slots=True)
class Context:
    """What every program's definition needs to know."""

    instance: Instance
    addresses: Addresses
    software: Software
    bin: Path
