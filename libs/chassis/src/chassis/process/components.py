"""The parts of a process."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from chassis.process.health import Readiness


class Component(Protocol):
    """A part of the process that runs for its whole life."""

    name: str

    async def serve(self) -> None:
        """Run until drained; an exception ends the whole process."""

    async def drain(self) -> None:
        """Stop accepting work, finish in-flight work, and let serve() return."""


@runtime_checkable
class CutsOff(Protocol):
    """A component whose clients may delay its drain."""

    def cut(self) -> int:
        """Abort the remaining connections; return how many there were."""


@dataclass(frozen=True, slots=True)
class Process:
    """A wired service: its components in start order, and its health."""

    components: Sequence[Component]
    health: Readiness
