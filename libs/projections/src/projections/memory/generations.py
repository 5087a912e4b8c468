"""Generations in memory, for tests; they pass the conformance suite."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, TypeVar

from projections.generations import FIRST, Notes, OperationRefused, State, not_serving
from projections.ports import Change, Views

C = TypeVar("C", bound=Change)
CLEARED: dict[str, Any] = {
    "building": None,
    "done": 0,
    "total": 0,
    "dead_letters": 0,
    "leading": None,
}


class MemoryGenerations(Generic[C]):
    """Implements Generations; creates the views of a generation on first use."""

    def __init__(self, make: Callable[[], Views[C]]) -> None:
        self._make = make
        self._views: dict[str, Views[C]] = {}
        self._state = State(kept=frozenset({FIRST}))

    async def ping(self) -> None:
        pass

    def views(self, generation: str, leading: str | None = None) -> Views[C]:
        return self._views.setdefault(generation, self._make())

    async def state(self) -> State:
        return self._state

    async def note(self, notes: Notes) -> None:
        defaults = {name: getattr(State(), name) for name in notes}
        fields = {name: defaults[name] if v is None else v for name, v in notes.items()}
        self._state = replace(self._state, **fields)  # type: ignore[arg-type] # the fields' own types

    async def add(self, generation: str) -> None:
        if self._state.building not in {None, generation}:
            raise OperationRefused(f"generation {self._state.building} is being built")
        kept = self._state.kept | {generation}
        self._state = replace(self._state, building=generation, kept=kept)

    async def switch(self, before: str, after: str) -> None:
        if self._state.serving not in {before, after}:
            raise not_serving(before, self._state.serving)
        self._state = replace(self._state, serving=after, previous=before, **CLEARED)

    async def drop(self, generation: str) -> None:
        self._views.pop(generation, None)
        self._state = replace(self._state, kept=self._state.kept - {generation})
