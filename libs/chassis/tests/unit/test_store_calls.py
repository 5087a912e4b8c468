"""Translation of failed store calls, and how often they are logged."""

import pytest
from asyncmy.errors import OperationalError, ProgrammingError
from structlog.testing import capture_logs

from chassis.observability.log_limit import LogLimit
from chassis.problems import Unavailable
from chassis.stores.errors import calls, mysql
from chassis.stores.errors.calls import store_call, warn_unavailable
from chassis.stores.errors.failure import MAX_REASON, StoreError, redacted

SECRET = "Qwertz"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(calls, "_warnings", LogLimit(calls.WARN_EVERY, clock))
    return clock


def fail(error: Exception) -> None:
    with store_call("mysql", "append", mysql.classify):
        raise error


def test_transient_error_is_unavailable_with_the_drivers_text_in_the_log_alone(
    clock: Clock,
) -> None:
    with capture_logs() as logs, pytest.raises(Unavailable) as away:
        fail(OperationalError(2003, "Can't connect to MySQL server on '10.0.0.1'"))
    (line,) = logs
    assert (line["event"], line["log_level"]) == ("dependency unavailable", "warning")
    assert (line["store"], line["operation"]) == ("mysql", "append")
    assert "2003 Can't connect to MySQL server on '10.0.0.1'" in line["reason"]
    assert away.value.public_detail == "mysql is unavailable"
    assert away.value.headers == {"Retry-After": "1"}


def test_permanent_error_is_a_store_error_without_its_values_and_not_logged_yet(
    clock: Clock,
) -> None:
    with capture_logs() as logs, pytest.raises(StoreError) as refused:
        fail(ProgrammingError(1064, f"You have an error near '{SECRET}' at line 1"))
    assert logs == []
    assert SECRET not in str(refused.value)
    assert "1064" in str(refused.value)
    assert refused.value.__suppress_context__
    assert refused.value.__cause__ is None


def test_other_exceptions_pass_unchanged(clock: Clock) -> None:
    with capture_logs() as logs, pytest.raises(KeyError):
        fail(KeyError("x"))
    assert logs == []


def test_failures_log_one_warning_per_dependency_in_ten_seconds(
    clock: Clock,
) -> None:
    with capture_logs() as logs:
        for _ in range(300):
            warn_unavailable("mysql", "append", "gone")
            warn_unavailable("redis", "get", "gone")
        clock.now = 9.9
        warn_unavailable("mysql", "append", "gone")
        clock.now = 10.0
        warn_unavailable("mysql", "append", "still gone")
    assert [(line["store"], line["suppressed"]) for line in logs] == [
        ("mysql", 0),
        ("redis", 0),
        ("mysql", 300),
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"Duplicate entry '{SECRET}' for key 'user_event.PRIMARY'",
        f"Duplicate entry 'O'{SECRET}' for key 'x'",
        f'Incorrect string value: "{SECRET}" at row 1',
        f"Failed to parse query [{SECRET} (]",
        f"command ('GET', {SECRET!r}, {SECRET})",
        f"Preview of field's value: '{{{SECRET}=1}}'",
    ],
)
def test_quoted_values_are_redacted(text: str) -> None:
    assert SECRET not in redacted(text)


def test_reason_is_one_short_line(clock: Clock) -> None:
    with pytest.raises(Unavailable) as away:
        fail(OperationalError(2013, "lost\n\x1b[31m" + 1000 * "x"))
    assert away.value.detail.isprintable()
    assert len(away.value.detail) < MAX_REASON + 50
