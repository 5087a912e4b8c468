"""OpenSearch calls that check each item and each shard of the response.

A 200 does not mean success: _bulk and _mget have an error for each item, and a search may omit
shards or stop early. Every function here raises Unavailable or StoreError for those.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import msgspec
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import TransportError

from chassis.stores.errors import opensearch as errors
from chassis.stores.errors.calls import failed, store_call
from chassis.stores.errors.failure import Failure

STORE = "opensearch"
# The fields of an outcome that are read; the others are two thirds of the response.
OUTCOME = ",".join(f"items.*.{name}" for name in ("status", "result", "error", "_index"))
INDEX_MISSING, DOCUMENT_MISSING = "index_not_found_exception", "document_missing_exception"


class TooManyTerms(Exception):
    """A query expands to more terms than the server's limit, 1,024 by default."""


def call(operation: str) -> AbstractContextManager[None]:
    """Measure a call; raises Unavailable, or StoreError if the failure is permanent."""
    return store_call(STORE, operation, errors.classify)


async def bulk(
    client: AsyncOpenSearch, operation: str, lines: Iterable[Mapping[str, Any]], **params: str
) -> list[dict[str, Any]]:
    """Return the outcomes of _bulk, in order.

    The caller handles a lost version race (409), INDEX_MISSING, DOCUMENT_MISSING, and errors of a
    document itself; any other failure of an item is raised.
    """
    body = b"\n".join([*map(msgspec.json.encode, lines), b""])
    with call(operation):
        answer = await client.bulk(body=body, params={"filter_path": OUTCOME, **params})
        outcomes = [outcome for item in answer["items"] for outcome in item.values()]
        for outcome in outcomes:
            is_callers = error_type(outcome) in {INDEX_MISSING, DOCUMENT_MISSING}
            if not is_callers and not errors.is_of_the_document(outcome):
                _check(operation, errors.item_failure(outcome))
    return outcomes


async def multi_get(
    client: AsyncOpenSearch, operation: str, index: str, ids: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the documents of _mget, in order, each with `found`.

    An item with an error is never "not found": a closed index would appear to be empty.
    """
    with call(operation):
        answer = await client.mget(body={"ids": list(ids)}, index=index)
        documents: list[dict[str, Any]] = answer["docs"]
        for document in documents:
            _check(operation, errors.item_failure(document))
    return documents


async def search(
    client: AsyncOpenSearch, operation: str, index: str, body: Mapping[str, Any], **params: str
) -> list[dict[str, Any]]:
    """Return the hits of a search over all shards; a partial response is an error.

    Raises TooManyTerms, too.
    """
    params = {"allow_partial_search_results": "false", **params}
    with call(operation):
        try:
            answer = await client.search(index=index, body=dict(body), params=params)
        except TransportError as error:
            if errors.is_too_many_terms(error):
                raise TooManyTerms from None
            raise
        _check(operation, errors.incomplete(answer))
    hits: list[dict[str, Any]] = answer["hits"]["hits"]
    return hits


def error_type(outcome: Mapping[str, Any]) -> str | None:
    """Return the type of an item's error; None: no error."""
    kind: str | None = (outcome.get("error") or {}).get("type")
    return kind


def _check(operation: str, failure: Failure | None) -> None:
    if failure is not None:
        raise failed(STORE, operation, failure)
