"""Verification and repair of the index in OpenSearch."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

from opensearchpy import AsyncOpenSearch

from chassis.stores.opensearch import bulk, call, multi_get, search
from projections.opensearch.change import DocumentChange
from projections.opensearch.index import CONFLICT, OpenSearchIndex
from projections.verification.drift import Actual, Page, Repair

CLOCK_RESOLUTION = 0.2  # seconds, of OpenSearch's clock (thread_pool.estimated_time_interval)
FORGOTTEN_AFTER = 10  # attempts
PAGE_SIZE = 4000  # documents of one page; OpenSearch returns at most 10,000
OFFSETS = "offset-"
NO_USER = {"bool": {"must_not": [{"exists": {"field": "id"}}]}}


class OpenSearchAudit:
    """Implements projections.verification.drift.View for one generation.

    The content is the document. Pages see what searches see; `read` sees the newest version, as the
    version guard does.
    """

    def __init__(self, client: AsyncOpenSearch, views: OpenSearchIndex) -> None:
        self._client = client
        self._index = views.index
        self._views = views

    def content(self, change: DocumentChange) -> object:
        return change.document

    async def page(self, after: str, to: str | None, known: Collection[str]) -> Page:
        span = {"gt": after} if to is None else {"gt": after, "lte": to}
        hits = await self._search({"range": {"id": span}})
        if len(hits) == PAGE_SIZE:
            to = hits[-1]["sort"][0]
        return Page({hit["_id"]: _held(hit) for hit in hits}, to)

    async def read(self, keys: Collection[str]) -> Mapping[str, Actual]:
        if not keys:
            return {}
        documents = await multi_get(self._client, "audit", self._index, sorted(keys))
        return {found["_id"]: _held(found) for found in documents if found["found"]}

    async def unlisted(self) -> AsyncIterator[Sequence[str]]:
        hits = await self._search(NO_USER)  # only the offsets, unless written by hand
        yield [hit["_id"] for hit in hits if not hit["_id"].startswith(OFFSETS)]

    async def apply_repairs(self, repairs: Sequence[Repair[DocumentChange]]) -> None:
        ahead = [repair for repair in repairs if repair.held and _is_ahead(repair)]
        if ahead:
            await self._forget(ahead)
        await self._write([repair.change for repair in repairs if repair.change])
        erased = [r.change for r in repairs if r.change and "deleted" in r.change.document]
        await self._views.apply(erased)  # in all generations

    async def _write(self, changes: Sequence[DocumentChange]) -> None:
        """Write each change unless the index has a newer one; retry while a deletion blocks it.

        OpenSearch forgets the version of a deleted document at a refresh, by a clock that is up to
        200 ms late, and refuses older versions until then. A change refused in FORGOTTEN_AFTER
        attempts stays missing, and the verification's next read reports it.
        """
        for _ in range(FORGOTTEN_AFTER):
            if not changes:
                return
            lines = [line for change in changes for line in self._lines(change)]
            outcomes = await bulk(self._client, "repair", lines)
            refused = {
                change.key
                for change, one in zip(changes, outcomes, strict=True)
                if one["status"] == CONFLICT
            }
            missing = refused - (await self.read(refused)).keys()
            changes = [change for change in changes if change.key in missing]
            if changes:
                await asyncio.sleep(CLOCK_RESOLUTION)
                with call("refresh"):
                    await self._client.indices.refresh(index=self._index)

    def _lines(self, change: DocumentChange) -> list[dict[str, Any]]:
        # The projector's guard, but it also replaces documents of the same version.
        guard = {"version": change.version, "version_type": "external_gte"}
        target = {"_index": self._index, "_id": change.key}
        return [{"index": target | guard}, change.document]

    async def _forget(self, repairs: Sequence[Repair[DocumentChange]]) -> None:
        """Delete the documents that are unchanged since they were read, and their versions.

        OpenSearch keeps the version of a deleted document for `gc_deletes`, 60 s by default, and
        would refuse the event store's version for as long. The projector deletes no document, so
        its guard does not need these versions.
        """
        lines = [
            {"delete": {"_index": self._index, "_id": repair.key, **repair.held.mark}}
            for repair in repairs
            if repair.held
        ]
        settings = self._client.indices.put_settings
        with call("forget"):
            await settings(index=self._index, body={"index": {"gc_deletes": "0s"}})
        await bulk(self._client, "forget", lines, refresh="true")

    async def _search(self, query: Mapping[str, Any]) -> list[dict[str, Any]]:
        body = {
            "query": query,
            "size": PAGE_SIZE,
            "sort": [{"id": "asc"}],
            "version": True,
            "seq_no_primary_term": True,
        }
        return await search(self._client, "audit", self._index, body)


def _is_ahead(repair: Repair[DocumentChange]) -> bool:
    change, held = repair.change, repair.held
    return held is not None and (change is None or held.version > change.version)


def _held(found: Mapping[str, Any]) -> Actual:
    seen = {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}
    return Actual(found["_version"], found["_source"], seen)
