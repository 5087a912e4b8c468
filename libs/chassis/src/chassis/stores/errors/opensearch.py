"""Classification of OpenSearch's errors by HTTP status and type, of responses and of bulk items.

Sources: OpenSearchException and RestStatus in OpenSearch 3.6, and observed responses: a closed
index returns 400, a blocked one 403 or 429, also for single items within a 200.
"""

from collections.abc import Mapping
from typing import Any

from opensearchpy import exceptions as opensearch

from chassis.stores.errors.failure import MAX_REASON, Failure, network, permanent, transient

BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT = 400, 401, 403, 404, 409
TRANSIENT_STATUS = frozenset({408, 409, 429, *range(500, 600)})
PERMANENT_STATUS = frozenset({400, 401, 403, 404, 405, 406, 410, 411, 412, 413, 414, 415, 422})
"""Except for the types below; a status in neither set is permanent, too."""
TRANSIENT_TYPES = frozenset(
    {
        # About the index or the cluster, whatever the status: 400, 403, 404.
        "cluster_block_exception",
        "index_create_block_exception",
        "index_closed_exception",
        "index_not_found_exception",
        "alias_not_found_exception",
        "aliases_not_found_exception",
        "shard_not_found_exception",
        "illegal_index_shard_state_exception",
        "index_shard_closed_exception",
        "index_shard_recovering_exception",
        "index_shard_not_started_exception",
        "shard_not_in_primary_mode_exception",
        "snapshot_in_progress_exception",
        "search_context_missing_exception",
        "node_closed_exception",
    }
)
PERMANENT_TYPES = frozenset({"security_exception"})
"""For an item without a status all other types are transient."""
DOCUMENT_TYPES = frozenset(
    {
        "mapper_parsing_exception",
        "document_parsing_exception",
        "strict_dynamic_mapping_exception",
        "max_bytes_length_exceeded_exception",
    }
)
CLASSES: dict[type[Exception], str] = {
    opensearch.OpenSearchException: "permanent",
    opensearch.TransportError: "by status and type",
    opensearch.NotFoundError: "by status and type",
    opensearch.ConflictError: "by status and type",
    opensearch.RequestError: "by status and type",
    opensearch.AuthenticationException: "by status and type",
    opensearch.AuthorizationException: "by status and type",
    opensearch.ConnectionError: "transient",
    opensearch.ConnectionTimeout: "transient",
    opensearch.SSLError: "transient",  # as a failed handshake of every other driver
    opensearch.SerializationError: "permanent",
    opensearch.ImproperlyConfigured: "permanent",
    opensearch.OpenSearchDslException: "permanent",
    opensearch.UnknownDslObject: "permanent",
    opensearch.ValidationException: "permanent",
    opensearch.IllegalOperation: "permanent",
}
"""How each class of opensearch-py is classified."""
TOO_MANY_TYPES = frozenset({"too_many_clauses", "too_many_nested_clauses"})
_FULL = "shards open"  # of validation_exception, when the cluster may hold no more shards
_TOO_LONG = "immense term"  # of illegal_argument_exception, when a field's term is too long


def classify(error: Exception) -> Failure | None:
    """Classify an error of opensearch-py or of the network; None: neither."""
    rule = next((CLASSES[base] for base in type(error).__mro__ if base in CLASSES), None)
    if isinstance(error, opensearch.TransportError) and rule == "by status and type":
        body = error.info if isinstance(error.info, dict) else {}
        status = error.status_code if isinstance(error.status_code, int) else None
        return judged(status, body.get("error"))
    if rule == "transient":
        cause = getattr(error, "info", None)  # with the host; the text has the whole request
        return transient(error, f"{type(cause).__name__} {cause}" if cause else "")
    if rule == "permanent":
        return permanent(error, "")
    return network(error) if isinstance(error, OSError | EOFError) else None


def is_too_many_terms(error: opensearch.TransportError) -> bool:
    """Whether a query expands to more terms than `indices.query.bool.max_clause_count`."""
    body = error.info if isinstance(error.info, dict) else {}
    return not TOO_MANY_TYPES.isdisjoint(_types(body.get("error")))


def item_failure(outcome: Mapping[str, Any]) -> Failure | None:
    """Classify an item of _bulk or _mget; None: no error, or a lost version race."""
    error, status = outcome.get("error"), outcome.get("status")
    if error is None or status == CONFLICT:
        return None
    return judged(status, error)


def is_of_the_document(outcome: Mapping[str, Any]) -> bool:
    """Whether an item of _bulk failed because of its document, so that no retry would store it."""
    error = outcome.get("error") or {}
    if outcome.get("status") != BAD_REQUEST:
        return False
    is_too_long = _TOO_LONG in str(error.get("reason"))
    return error.get("type") in DOCUMENT_TYPES or (
        error.get("type") == "illegal_argument_exception" and is_too_long
    )


def incomplete(answer: Mapping[str, Any]) -> Failure | None:
    """Return why a search with status 200 is incomplete; None: it is complete."""
    shards = answer.get("_shards") or {}
    if answer.get("timed_out") or shards.get("failed"):
        reason = f"{shards.get('failed', 0)} shards failed or the search timed out"
        return Failure(reason, is_transient=True)
    return None


def judged(status: int | None, error: Any) -> Failure:
    """Classify a status and the `error` of a body; status None: an item of _mget."""
    types = _types(error)
    reason = str(error.get("reason", "")) if isinstance(error, dict) else ""
    heals = _heals(status, types, reason)
    # Other reasons quote documents and queries (a full queue, the whole request): log types only.
    is_safe = TRANSIENT_TYPES.intersection(types) or _is_full(types, reason)
    text = " ".join([str(status or ""), *types, reason if is_safe else ""]).strip()
    return Failure(" ".join(text.split())[:MAX_REASON], is_transient=heals)


def _heals(status: int | None, types: list[str], reason: str) -> bool:
    if PERMANENT_TYPES.intersection(types):
        return False
    if TRANSIENT_TYPES.intersection(types):
        return True
    if _is_full(types, reason):
        return True
    if status is None:
        return True
    # A response to HEAD has no body: a block is more likely than a missing right.
    return status in TRANSIENT_STATUS or (status == FORBIDDEN and not types)


def _is_full(types: list[str], reason: str) -> bool:
    return "validation_exception" in types and _FULL in reason


def _types(error: Any) -> list[str]:
    """Return the types of an error and of its root causes, outermost first."""
    if not isinstance(error, dict):
        return []
    causes = [error, *error.get("root_cause", [])]
    return list(dict.fromkeys(str(cause["type"]) for cause in causes if "type" in cause))
