"""Writer of the index in OpenSearch; documents and guards: schemas/views/opensearch-users.md."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import RequestError

from chassis.stores.errors.opensearch import is_of_the_document
from chassis.stores.opensearch import (
    DOCUMENT_MISSING,
    INDEX_MISSING,
    bulk,
    call,
    error_type,
    multi_get,
)
from projections.opensearch.change import DocumentChange
from projections.opensearch.mapping import accept_documents
from projections.ports import Offset, OffsetMoved, Rejected, claim_whole

NOTES = "operator"  # name of the index with the operator's notes, and of its one document
CONFLICT = 409
# Sets the next offset only if the stored one is the expected one, or an earlier try has set it.
ADVANCE = """
if (ctx._source.next_offset != params.before && ctx._source.next_offset != params.after) {
  ctx.op = 'none'
} else {
  ctx._source.next_offset = params.after
}
"""


class OpenSearchIndex:
    """Implements projections.ports.Views for one generation of the index."""

    def __init__(
        self,
        client: AsyncOpenSearch,
        definition: Mapping[str, Any],
        alias: str,
        generation: str,
        leading: str | None = None,
    ) -> None:
        self._client = client
        self._definition = definition
        self._alias = alias
        self.index = f"{alias}-{generation}"
        self._before = [] if leading is None else [f"{alias}-{leading}"]

    async def offsets(self, log: str, partitions: Collection[int]) -> dict[int, Offset]:
        """See Views; also creates the index and the alias if they are missing.

        An index of an earlier version is updated to accept today's documents.
        """
        with call("ensure index"):
            await self._ensure_index()
        if not partitions:
            return {}
        ids = [_offset_id(log, partition) for partition in partitions]
        documents = await multi_get(self._client, "offsets", self.index, ids)
        return {
            partition: int(document["_source"]["next_offset"]) if document["found"] else None
            for partition, document in zip(partitions, documents, strict=True)
        }

    async def claim(self, log: str, partitions: Collection[int]) -> dict[int, int]:
        return await claim_whole(self, log, partitions)

    async def apply(self, changes: Sequence[DocumentChange]) -> list[Rejected[DocumentChange]]:
        if not changes:
            return []
        erasures = [change for change in changes if "deleted" in change.document]
        # Each change goes to the leading index first; each erasure goes to all others, too.
        written = [(index, change) for index in self._before for change in changes]
        written += [(self.index, change) for change in changes]
        written += [(i, change) for i in await self._others(erasures) for change in erasures]
        outcomes = await self._bulk(
            "apply", (line for index, change in written for line in _lines(index, change))
        )
        # By key: a change that both the leading index and this one reject counts once.
        rejected = {
            change.key: Rejected(change, _reason(outcome))
            for (_, change), outcome in zip(written, outcomes, strict=True)
            if is_of_the_document(outcome)
        }
        return list(rejected.values())

    async def advance(self, log: str, moves: Mapping[int, tuple[Offset, int]]) -> None:
        lines = [
            line
            for partition, (before, after) in moves.items()
            for line in self._move(_offset_id(log, partition), before, after)
        ]
        outcomes = await self._bulk("advance", lines)
        for partition, outcome in zip(moves, outcomes, strict=True):
            is_gone = error_type(outcome) == DOCUMENT_MISSING
            if is_gone or outcome["status"] == CONFLICT or outcome.get("result") == "noop":
                raise OffsetMoved(f"another writer moved the offset of partition {partition}")

    async def _others(self, erasures: Sequence[DocumentChange]) -> set[str]:
        """Return the indexes of all other generations, if there is something to erase."""
        if not erasures:
            return set()
        with call("kept"):
            kept = await self._client.indices.get_alias(index=f"{self._alias}-*")
        return {index for index in kept if is_generation(index, self._alias)} - {
            self.index,
            *self._before,
        }

    def _move(self, offset_id: str, before: Offset, after: int) -> list[dict[str, Any]]:
        target = {"_index": self.index, "_id": offset_id, "retry_on_conflict": 3}
        body: dict[str, Any] = {
            "script": {"source": ADVANCE, "params": {"before": before, "after": after}}
        }
        if before is None:
            body["upsert"] = {"next_offset": after}
        return [{"update": target}, body]

    async def _bulk(self, operation: str, lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        outcomes = await bulk(self._client, operation, lines)
        for outcome in outcomes:
            # Another generation may be dropped at any time.
            if error_type(outcome) == INDEX_MISSING and outcome["_index"] == self.index:
                raise OffsetMoved("the index does not exist")
        return outcomes

    async def _ensure_index(self) -> None:
        if not await self._client.indices.exists(index=self.index):
            await make_index(self._client, self.index, self._definition)
        await accept_documents(self._client, self._definition, [self.index, *self._before])
        if not await self._client.indices.exists_alias(name=self._alias):
            building = (await read_notes(self._client, self._alias)).get("building")
            if self.index != f"{self._alias}-{building}":
                await self._client.indices.put_alias(index=self.index, name=self._alias)


def is_generation(index: str, alias: str) -> bool:
    """Whether the index is one of the alias's generations."""
    name, _, generation = index.rpartition("-")
    return name == alias and generation.isdecimal()


async def make_index(client: AsyncOpenSearch, index: str, definition: Mapping[str, Any]) -> None:
    """Create the index, unless another process has just done so."""
    try:
        await client.indices.create(index=index, body=dict(definition))
    except RequestError as error:
        if error.error != "resource_already_exists_exception":
            raise


async def read_notes(client: AsyncOpenSearch, alias: str) -> dict[str, Any]:
    """Return the operator's notes about the alias's generations; empty if there are none."""
    index = f"{alias}-{NOTES}"
    found = await client.get(index=index, id=NOTES, params={"ignore": 404})
    notes: dict[str, Any] = found.get("_source", {})
    return notes


def _lines(index: str, change: DocumentChange) -> list[dict[str, Any]]:
    target = {"_index": index, "_id": change.key}
    guard = {"version": change.version, "version_type": "external"}
    return [{"index": target | guard}, change.document]


def _offset_id(log: str, partition: int) -> str:
    return f"offset-{log}-{partition}"


def _reason(outcome: Mapping[str, Any]) -> str:
    """Return the reason for a dead letter, which holds the whole record anyway; not for logs."""
    return f"{error_type(outcome)}: {outcome['error'].get('reason')}"
