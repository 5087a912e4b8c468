"""The generations of a view: whole copies of it in one store, of which one serves.

What an operator decides about them stands in the store, too, so that it outlives every process:
which one serves and which one did before, whether the projector rests, how far a rebuild is.
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
    """What the operator asked for cannot be done as things stand."""

    kind = Kind.CONFLICT


@dataclass(frozen=True, slots=True)
class Directives:
    """What a projector is to do."""

    generation: str
    """The one to write, from its own stored offsets on."""
    leading: str | None = None
    """One that is to serve next: it gets each change first, so that it never is behind."""
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """What stands in the store about a view's generations; their names are numbers."""

    serving: str = FIRST
    previous: str | None = None
    """The one that served before."""
    kept: frozenset[str] = frozenset()
    """All that may hold data, those included whose making or removal was interrupted."""
    paused_at: str | None = None
    """RFC 3339, UTC; None: the projector is not paused."""
    building: str | None = None
    """The one that is brought to the log's end, so that it can serve."""
    done: int = 0
    total: int = 0
    """Of the building one, in records of the log."""
    dead_letters: int = 0
    """Records that the building one lacks, since they could not be applied."""
    leading: str | None = None

    @property
    def directives(self) -> Directives:
        return Directives(self.serving, self.leading, self.paused_at is not None)


class Generations(Protocol[C]):
    """The generations of a view in their store.

    Every method raises chassis.problems.Unavailable when the store does not answer in time.
    """

    async def ping(self) -> None:
        """Return when the store answers."""

    def views(self, generation: str, leading: str | None = None) -> Views[C]:
        """One generation, to be written; each change goes to the leading one before.

        A change that erases a user goes to every generation that is kept.
        """

    async def state(self) -> State:
        """What the store knows; cheap enough for every second."""

    async def note(self, notes: Notes) -> None:
        """Remember these fields of the state, and leave all others as they are."""

    async def add(self, generation: str) -> None:
        """Make it, empty, and note that it is building.

        Raises OperationRefused where another one is.
        """

    async def switch(self, before: str, after: str) -> None:
        """Let one generation serve in the place of another, which becomes the previous one.

        At once for all readers; ends the building. Raises OperationRefused where `before` does not
        serve.
        """

    async def drop(self, generation: str) -> None:
        """Remove all its data, in bounded steps; one that is not there is gone already."""


def not_serving(before: str, serving: str) -> OperationRefused:
    """For switch(): somebody else switched in between."""
    return OperationRefused(
        f"generation {serving} serves, not {before}: another process has switched"
    )


def from_notes(serving: str, previous: str | None, kept: frozenset[str], notes: Any) -> State:
    """The state, of the notes as a store holds them: strings or numbers, by name.

    A note about a generation that serves by now was left by a switch that was cut short.
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
