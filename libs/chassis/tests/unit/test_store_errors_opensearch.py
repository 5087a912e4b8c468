"""Each error class of opensearch-py, each status and each type is classified."""

import pytest
from opensearchpy import exceptions as opensearch_classes

from chassis.stores.errors import opensearch
from tests.support.stores.error_classes import classes, is_retried


def test_every_class_of_opensearch_py_is_classified() -> None:
    assert classes("opensearchpy.exceptions") == set(opensearch.CLASSES)


@pytest.mark.parametrize("status", range(400, 600))
def test_every_opensearch_status_is_classified(status: int) -> None:
    error = opensearch_classes.TransportError(status, "why", {"error": {"type": "any_exception"}})
    is_transient = status >= 500 or status in opensearch.TRANSIENT_STATUS
    assert is_retried(opensearch.classify(error)) is is_transient


@pytest.mark.parametrize("kind", sorted(opensearch.TRANSIENT_TYPES))
@pytest.mark.parametrize("status", [400, 403, 404])
def test_index_and_cluster_errors_are_transient(kind: str, status: int) -> None:
    body = {"error": {"type": kind, "reason": "why", "root_cause": [{"type": kind}]}}
    assert is_retried(opensearch.classify(opensearch_classes.TransportError(status, kind, body)))
    assert is_retried(opensearch.item_failure({"status": status, "error": body["error"]}))
    assert is_retried(opensearch.item_failure({"error": body["error"]}))
    assert not opensearch.is_of_the_document({"status": status, "error": body["error"]})


@pytest.mark.parametrize(
    ("status", "kind", "reason", "is_transient"),
    [
        (403, "security_exception", "no permissions", False),
        (500, "security_exception", "broken", False),
        (
            400,
            "validation_exception",
            "this action would add [2] total shards, [5]/[1] shards open",
            True,
        ),
        (400, "validation_exception", "1: no requests added;", False),
        (400, "parsing_exception", "unknown query [nope]", False),
        (403, None, "", True),  # HEAD
        (401, None, "", False),
        (409, "version_conflict_engine_exception", "", True),
    ],
)
def test_status_with_a_type_is_classified(
    status: int, kind: str | None, reason: str, *, is_transient: bool
) -> None:
    body = {"error": {"type": kind, "reason": reason}} if kind else None
    failure = opensearch.classify(opensearch_classes.TransportError(status, "", body))
    assert is_retried(failure) is is_transient


@pytest.mark.parametrize("kind", opensearch.CLASSES)
def test_opensearch_error_is_classified_by_its_class(kind: type[Exception]) -> None:
    of_status = opensearch.CLASSES[kind] == "by status and type"
    error = (
        kind(400, "why", None) if issubclass(kind, opensearch_classes.TransportError) else kind()
    )
    expected = False if of_status else opensearch.CLASSES[kind] == "transient"
    assert is_retried(opensearch.classify(error)) is expected
