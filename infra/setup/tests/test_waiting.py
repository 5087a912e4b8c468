import pytest

from platform_setup import ServerUnavailable, SetupError, waiting
from platform_setup.waiting import until_available


class Clock:
    """Time that passes only in pauses."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(waiting, "time", clock)
    return clock


class Job:
    """A job whose server is unavailable for some attempts, each for its own reason."""

    def __init__(self, *reasons: str) -> None:
        self._reasons = list(reasons)
        self.attempts = 0

    def __call__(self) -> None:
        self.attempts += 1
        if self._reasons:
            raise ServerUnavailable(self._reasons.pop(0))


def test_job_is_repeated_in_equal_short_pauses_until_its_server_is_available(clock: Clock) -> None:
    job = Job(*["MySQL at db:3306: refused"] * 500)
    until_available(job, within=1500)
    assert job.attempts == 501
    assert set(clock.pauses) == {2.0}


def test_each_new_reason_is_reported_once(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    until_available(Job("refused", "refused", "access denied", "access denied"), within=60)
    assert capsys.readouterr().err.splitlines() == ["waiting: refused", "waiting: access denied"]
    assert len(clock.pauses) == 4


def test_job_fails_with_the_reason_once_the_time_is_over(clock: Clock) -> None:
    with pytest.raises(SetupError, match="refused"):
        until_available(Job(*["refused"] * 100), within=60)
    assert sum(clock.pauses) == 60


def test_mistake_that_no_waiting_corrects_fails_at_once(clock: Clock) -> None:
    def mistaken() -> None:
        raise SetupError("user.events has 3 partitions")

    with pytest.raises(SetupError, match="3 partitions"):
        until_available(mistaken, within=60)
    assert clock.pauses == []
