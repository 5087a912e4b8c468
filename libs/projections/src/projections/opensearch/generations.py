"""The generations of the index in OpenSearch; layout: schemas/views/opensearch-users.md."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import NotFoundError

from chassis.stores.errors.calls import failed
from chassis.stores.errors.failure import Failure
from chassis.stores.opensearch import call
from projections.generations import FIRST, Notes, OperationRefused, State, from_notes, not_serving
from projections.opensearch.index import (
    NOTES,
    OpenSearchIndex,
    is_generation,
    make_index,
    read_notes,
)

NOTES_INDEX = {
    "settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1"},
    "mappings": {"dynamic": False},
}
ENDED: Notes = dict.fromkeys(("building", "done", "total", "dead_letters", "leading"))
UNSEEN = {"index": {"refresh_interval": "-1"}}  # no client searches it: filling is faster


class OpenSearchGenerations:
    """Implements projections.generations.Generations.

    Aliases name the serving generation (`<alias>`) and the previous one (`<alias>-previous`).
    """

    def __init__(self, client: AsyncOpenSearch, definition: Mapping[str, Any], alias: str) -> None:
        self._client = client
        self._definition = definition
        self._alias = alias
        self._previous = f"{alias}-previous"

    def views(self, generation: str, leading: str | None = None) -> OpenSearchIndex:
        return OpenSearchIndex(self._client, self._definition, self._alias, generation, leading)

    async def state(self) -> State:
        with call("state"):
            found, notes = await asyncio.gather(
                self._client.indices.get_alias(index=f"{self._alias}-*"),
                read_notes(self._client, self._alias),
            )
        kept = {
            index.removeprefix(f"{self._alias}-"): described["aliases"]
            for index, described in found.items()
            if is_generation(index, self._alias)
        }
        # A lost index has lost its alias, too; it is recreated under its own number.
        serving = self._only([g for g, aliases in kept.items() if self._alias in aliases])
        previous = next((g for g, aliases in kept.items() if self._previous in aliases), None)
        return from_notes(
            serving or notes.get("serving") or FIRST, previous, frozenset(kept), notes
        )

    async def note(self, notes: Notes) -> None:
        index = f"{self._alias}-{NOTES}"
        with call("note"):
            if not await self._client.indices.exists(index=index):
                await make_index(self._client, index, NOTES_INDEX)
            body = {"doc": dict(notes), "doc_as_upsert": True}
            await self._client.update(index=index, id=NOTES, body=body, retry_on_conflict=5)

    async def add(self, generation: str) -> None:
        building = (await self.state()).building
        if building not in {None, generation}:
            raise OperationRefused(f"generation {building} is being built")
        await self.note({"building": generation})
        with call("add"):
            index = f"{self._alias}-{generation}"
            await make_index(self._client, index, self._definition)
            await self._client.indices.put_settings(index=index, body=UNSEEN)

    async def switch(self, before: str, after: str) -> None:
        state = await self.state()
        if state.serving not in {before, after}:
            raise not_serving(before, state.serving)
        with call("switch"):
            if state.serving == before:
                await self._show(f"{self._alias}-{after}")
                await self._move_aliases(state, after)
        await self.note({**ENDED, "serving": after})

    async def drop(self, generation: str) -> None:
        index = f"{self._alias}-{generation}"
        with call("drop"):
            await self._client.indices.delete(index=index, params={"ignore_unavailable": "true"})

    async def ping(self) -> None:
        """Return if OpenSearch reports the serving generation; raises Unavailable."""
        await self.state()

    def _only(self, serving: Sequence[str]) -> str | None:
        """Return the generation behind the alias, or None; raises Unavailable if there are two."""
        if len(serving) > 1:
            indexes = ", ".join(f"{self._alias}-{one}" for one in sorted(serving))
            reason = f"the alias {self._alias} names more than one index: {indexes}"
            raise failed("opensearch", "state", Failure(reason, is_transient=True))
        return serving[0] if serving else None

    async def _show(self, index: str) -> None:
        """Make all writes visible to searches."""
        shown = {"index": {"refresh_interval": self._definition["settings"]["refresh_interval"]}}
        await self._client.indices.put_settings(index=index, body=shown)
        for _ in range(2):  # the first may take long; the second is quick
            await self._client.indices.refresh(index=index)

    async def _move_aliases(self, state: State, after: str) -> None:
        """Move the aliases atomically; raises OperationRefused if the alias has moved meanwhile."""
        before, index = f"{self._alias}-{state.serving}", f"{self._alias}-{after}"
        actions = [
            {"remove": {"index": before, "alias": self._alias, "must_exist": True}},
            {"add": {"index": index, "alias": self._alias}},
            {"add": {"index": before, "alias": self._previous}},
        ]
        if state.previous is not None:
            old = f"{self._alias}-{state.previous}"
            actions.insert(0, {"remove": {"index": old, "alias": self._previous}})
        try:
            await self._client.indices.update_aliases(body={"actions": actions})
        except NotFoundError as error:
            raise not_serving(state.serving, (await self.state()).serving) from error
