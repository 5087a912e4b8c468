"""Log lines about bugs: one per bug, found by every trace id, without values."""

import pytest
from structlog.testing import capture_logs

from chassis.observability import error_log, telemetry, tracing
from chassis.problems import Unavailable
from chassis.stores.errors.failure import StoreError

SECRET = "Qwertz"


@pytest.fixture(autouse=True)
def _tracing() -> None:
    tracing.configure("test", None, 1)


def raised(error: Exception) -> Exception:
    """The error, with a traceback."""

    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        fail()
    return caught.value


def request(error: Exception) -> str | None:
    """End a request with the error, and return the request's trace id."""
    with tracing.server_span("http", "GET", "/x", {}):
        error_log.unhandled(error, "/x")
        return tracing.trace_id()


def test_shared_error_is_logged_once_and_linked_from_every_trace() -> None:
    telemetry.configure_logs("test", "debug")
    error = raised(StoreError("mysql: append: 1142 INSERT command denied"))
    with capture_logs() as logs:
        first, _, _ = (request(error) for _ in range(3))
    assert [line["log_level"] for line in logs] == ["error", "info", "info"]
    assert [line.get("first_trace") for line in logs] == [None, first, first]
    assert "1142 INSERT command denied" in logs[0]["error"]
    assert "test_error_log.py" in logs[0]["stack"]


def test_unknown_error_is_logged_with_its_stack_and_without_its_message() -> None:
    def convert() -> None:
        try:
            int(SECRET)
        except ValueError as error:
            raise KeyError(SECRET) from error

    with pytest.raises(KeyError) as failure:
        convert()
    with capture_logs() as logs:
        error_log.unhandled(failure.value, "/x")
    (line,) = logs
    assert line["error"] == "KeyError"
    assert "ValueError" in line["stack"]
    assert "convert" in line["stack"]
    assert SECRET not in str(line).replace("raise KeyError(SECRET)", "")


def test_cycle_of_causes_ends() -> None:
    one, two = raised(ValueError("1")), raised(ValueError("2"))
    one.__cause__, two.__cause__ = two, one
    assert error_log.stack(one).count("ValueError\n") == 2


def test_nested_groups_are_logged_by_their_leaves() -> None:
    leaf = ValueError("leaf")
    group = ExceptionGroup("outer", [ExceptionGroup("inner", [leaf]), OSError("port in use")])
    assert [error_log.message(one) for one in error_log.leaves(group)] == [
        "ValueError",
        "OSError: port in use",
    ]
    assert error_log.message(Unavailable("kafka is unavailable: x")).endswith("unavailable: x")
