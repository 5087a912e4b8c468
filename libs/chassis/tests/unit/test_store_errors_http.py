"""Each error class of the registry's client and each status is classified."""

import pytest
from confluent_kafka.schema_registry.error import SchemaRegistryError

from chassis.stores.errors import http, kafka, librdkafka, mysql, opensearch, redis
from chassis.stores.errors.failure import Failure
from tests.support.stores.error_classes import classes, is_retried


def test_every_class_of_httpx_and_of_the_registrys_client_is_classified() -> None:
    registry = classes("confluent_kafka.schema_registry.error")
    assert classes("httpx2") | registry == {SchemaRegistryError, *http.CLASSES}


@pytest.mark.parametrize("kind", http.CLASSES)
def test_registry_error_is_classified_by_its_class(kind: type[Exception]) -> None:
    error = kind.__new__(kind)
    Exception.__init__(error, "why")
    assert is_retried(http.classify(error)) is http.CLASSES[kind]


@pytest.mark.parametrize("status", range(400, 600))
def test_every_registry_status_is_classified(status: int) -> None:
    failure = http.classify(SchemaRegistryError(status, -1, "why"))
    assert is_retried(failure) is (status >= 500 or status in {408, 425, 429})


def test_only_the_registrys_own_404_means_unknown_schema() -> None:
    assert http.is_unknown_schema(SchemaRegistryError(404, 40403, "Schema not found"))
    assert not http.is_unknown_schema(SchemaRegistryError(404, -1, "<html>"))


@pytest.mark.parametrize("driver", [mysql, redis, opensearch, kafka, librdkafka, http])
@pytest.mark.parametrize(
    ("error", "is_transient"),
    [
        (TimeoutError(), True),
        (ConnectionResetError(104, "reset"), True),
        (EOFError(), True),
        (PermissionError(1, "Operation not permitted"), True),  # a firewall
        (FileNotFoundError(2, "No such file", "/ca.pem"), False),
        (KeyError("Ada"), None),
        (ZeroDivisionError(), None),
    ],
    ids=lambda one: type(one).__name__,
)
def test_the_network_is_transient_and_a_bug_is_not_the_drivers(
    driver: object, error: Exception, *, is_transient: bool | None
) -> None:
    failure: Failure | None = driver.classify(error)  # type: ignore[attr-defined]
    assert (failure.is_transient if failure else None) is is_transient
