"""The index in OpenSearch; documents and guards: schemas/views/opensearch-users.md."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import ConnectionError as OpenSearchAway
from opensearchpy.exceptions import RequestError, TransportError

from chassis import telemetry
from chassis.problems import Unavailable
from chassis.projection import Offset, OffsetMoved, Rejected
from search_projector.projection import UserChange

ALIAS = "users"
CREATED, CONFLICT = {200, 201}, 409
BAD_REQUEST, NOT_FOUND = 400, 404
TRY_AGAIN = {429, 500, 502, 503, 504}
# Sets the next offset only where the expected one stands, or where an earlier try set it already.
ADVANCE = """
if (ctx._source.next_offset != params.before && ctx._source.next_offset != params.after) {
  ctx.op = 'none'
} else {
  ctx._source.next_offset = params.after
}
"""


class OpenSearchUserIndex:
    """Implements chassis.projection.Views for one generation of the index."""

    def __init__(
        self, client: AsyncOpenSearch, generation: str, definition: Mapping[str, Any]
    ) -> None:
        self._client = client
        self._index = f"{ALIAS}-{generation}"
        self._definition = definition

    async def offsets(self, partitions: Collection[int]) -> dict[int, Offset]:
        """As Views has it; makes the index and the alias first where they are missing."""
        with _call("offsets"):
            await self._ensure_index()
            if not partitions:
                return {}
            ids = {"ids": [_offset_id(partition) for partition in partitions]}
            found = await self._client.mget(body=ids, index=self._index)
        documents = [doc.get("_source") for doc in found["docs"]]
        return {
            partition: None if document is None else int(document["next_offset"])
            for partition, document in zip(partitions, documents, strict=True)
        }

    async def apply(self, changes: Sequence[UserChange]) -> list[Rejected[UserChange]]:
        if not changes:
            return []
        items = await self._bulk(
            "apply", (line for change in changes for line in self._lines(change))
        )
        rejected = []
        for change, item in zip(changes, items, strict=True):
            answer = item["index"]
            if answer["status"] == BAD_REQUEST:
                rejected.append(Rejected(change, _reason(answer)))
            elif answer["status"] not in CREATED | {CONFLICT}:
                raise RuntimeError(f"unexpected answer of _bulk: {answer}")
        return rejected

    async def advance(self, moves: Mapping[int, tuple[Offset, int]]) -> None:
        lines = [
            line
            for partition, (before, after) in moves.items()
            for line in self._move(partition, before, after)
        ]
        items = await self._bulk("advance", lines)
        for partition, item in zip(moves, items, strict=True):
            (answer,) = item.values()
            if answer["status"] in {CONFLICT, NOT_FOUND} or answer.get("result") == "noop":
                raise OffsetMoved(f"the stored offset of partition {partition} is not ours")

    async def ping(self) -> None:
        """Return when OpenSearch answers; raises Unavailable."""
        with _call("ping"):
            await self._client.info()

    def _lines(self, change: UserChange) -> list[dict[str, Any]]:
        target = {"_index": self._index, "_id": change.key}
        guard = {"version": change.version, "version_type": "external"}
        return [{"index": target | guard}, change.document]

    def _move(self, partition: int, before: Offset, after: int) -> list[dict[str, Any]]:
        target = {"_index": self._index, "_id": _offset_id(partition), "retry_on_conflict": 3}
        body: dict[str, Any] = {
            "script": {"source": ADVANCE, "params": {"before": before, "after": after}}
        }
        if before is None:
            body["upsert"] = {"next_offset": after}
        return [{"update": target}, body]

    async def _bulk(self, operation: str, lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """The answers item by item: _bulk itself says 200 whatever happened inside."""
        with _call(operation):
            answer = await self._client.bulk(body=list(lines))
        items: list[dict[str, Any]] = answer["items"]
        for outcome in (next(iter(item.values())) for item in items):
            if outcome["status"] in TRY_AGAIN:
                raise Unavailable(f"opensearch: {_reason(outcome)}")
            if "index_not_found" in _reason(outcome):
                raise OffsetMoved("the index is gone")
        return items

    async def _ensure_index(self) -> None:
        if not await self._client.indices.exists(index=self._index):
            try:
                await self._client.indices.create(index=self._index, body=dict(self._definition))
            except RequestError as error:
                if error.error != "resource_already_exists_exception":  # somebody was faster
                    raise
        if not await self._client.indices.exists_alias(name=ALIAS):
            await self._client.indices.put_alias(index=self._index, name=ALIAS)


def _offset_id(partition: int) -> str:
    return f"offset-{partition}"


def _reason(answer: Mapping[str, Any]) -> str:
    error = answer.get("error") or {}
    return f"{error.get('type')}: {error.get('reason')}"


@contextmanager
def _call(operation: str) -> Iterator[None]:
    """Measured and traced; raises Unavailable when OpenSearch does not answer.

    A request that it finds wrong (a bug in the index's definition) is raised as it is: trying
    again would hide it.
    """
    try:
        with telemetry.store_call("opensearch", operation):
            yield
    except RequestError:
        raise
    except (OpenSearchAway, TransportError) as error:
        raise Unavailable(f"opensearch: {error!r}") from error
