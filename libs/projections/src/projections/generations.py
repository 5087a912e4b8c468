"""The generations of a view: whole copies of it in one store, one of which serves reads.

The operator's directives are in the same store, so they survive restarts: the serving and the
previous generation, whether the projector is paused, the progress of a rebuild.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from chassis.problems import Kind, Problem
from projections.ports import Change, Views

FIRST = "1"
C = TypeVar("C", bound=Change)
Notes = Mapping[str, str | int | None]
"""Fields of State by name, without serving, previous and kept; None: the field's default."""


class OperationRefused(Problem):
    """The operator's command conflicts with the current state."""

    kind = Kind.CONFLICT


@dataclass(frozen=True, slots=True)
class Directives:
    """The operator's directives to a projector."""

    generation: str
    """The generation to write, from its own stored offsets on."""
    leading: str | None = None
    """The generation that will serve next: it gets each change first, so it is never behind."""
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """The stored state of a view's generations; their names are numbers."""

    serving: str = FIRST
    previous: str | None = None
    """The generation that served before."""
    kept: frozenset[str] = frozenset()
    """All that may hold data, including those whose creation or removal was interrupted."""
    paused_at: str | None = None
    """RFC 3339, UTC; None: the projector is not paused."""
    building: str | None = None
    """The generation that a rebuild is filling."""
    done: int = 0
    total: int = 0
    """Progress of the rebuild, in records of the topic."""
    dead_letters: int = 0
    """Records that the rebuild could not apply."""
    leading: str | None = None

    @property
    def directives(self) -> Directives:
        return Directives(self.serving, self.leading, self.paused_at is not None)


class Generations(Protocol[C]):
    """The generations of a view in their store.

    Every method raises chassis.problems.Unavailable when the store does not respond in time.
    """

    async def ping(self) -> None:
        """Return if the store responds."""

    def views(self, generation: str, leading: str | None = None) -> Views[C]:
        """Return one generation, for writing; each change goes to the leading one first.

        A change that erases an aggregate goes to every kept generation.
        """

    async def state(self) -> State:
        """Return the stored state; cheap enough to be called every second."""

    async def note(self, notes: Notes) -> None:
        """Store these fields of the state; other fields keep their values."""

    async def add(self, generation: str) -> None:
        """Create an empty generation and record it as building.

        Raises OperationRefused if another one is building.
        """

    async def switch(self, before: str, after: str) -> None:
        """Switch reads from one generation to another; the first becomes the previous one.

        Atomic for all readers; ends the building state. Raises OperationRefused if `before` does
        not serve.
        """

    async def drop(self, generation: str) -> None:
        """Remove all its data, in bounded steps; a missing generation is no error."""


def not_serving(before: str, serving: str) -> OperationRefused:
    """Return the error of switch() when another process has switched meanwhile."""
    return OperationRefused(
        f"generation {serving} serves, not {before}: another process has switched"
    )


def from_notes(serving: str, previous: str | None, kept: frozenset[str], notes: Any) -> State:
    """Return the state from the notes as a store holds them: strings or numbers, by name.

    A building or leading generation that already serves is a remnant of an interrupted switch.
    """
    building, leading = notes.get("building"), notes.get("leading")
    return State(
        serving=serving,
        previous=previous,
        kept=kept | {serving},
        paused_at=notes.get("paused_at"),
        building=None if building == serving else building,
        done=int(notes.get("done") or 0),
        total=int(notes.get("total") or 0),
        dead_letters=int(notes.get("dead_letters") or 0),
        leading=None if leading == serving else leading,
    )
