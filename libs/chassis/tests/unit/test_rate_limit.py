"""Rate limit: an allowance is used up, refills evenly, and is kept for few callers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.auth import rate_limit
from chassis.auth.rate_limit import WINDOW, RateLimit
from chassis.problems import TooManyRequests


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def is_allowed(limit: RateLimit, caller: str = "ann") -> bool:
    try:
        limit.take(caller)
    except TooManyRequests:
        return False
    return True


def test_burst_is_allowed_then_an_even_rate() -> None:
    clock = Clock()
    limit = RateLimit(60, clock)
    assert [is_allowed(limit) for _ in range(61)] == [True] * 60 + [False]
    clock.now += 1
    assert [is_allowed(limit) for _ in range(2)] == [True, False]
    clock.now += WINDOW
    assert [is_allowed(limit) for _ in range(61)] == [True] * 60 + [False]


def test_request_after_retry_after_is_allowed() -> None:
    clock = Clock()
    limit = RateLimit(7, clock)
    while is_allowed(limit):
        pass
    with pytest.raises(TooManyRequests) as refused:
        limit.take("ann")
    assert refused.value.retry_after
    clock.now += refused.value.retry_after
    assert is_allowed(limit)


@given(st.integers(1, 10_000), st.lists(st.floats(0, 5), max_size=200))
def test_taken_requests_never_exceed_burst_plus_refill(a_minute: int, pauses: list[float]) -> None:
    clock, taken = Clock(), 0
    limit = RateLimit(a_minute, clock)
    began = clock.now
    for pause in pauses:
        clock.now += pause
        taken += is_allowed(limit)
    assert taken <= a_minute * (1 + (clock.now - began) / WINDOW) + 1e-6


def test_least_recently_seen_caller_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "REMEMBERED", 2)
    limit = RateLimit(1, Clock())
    assert [is_allowed(limit, who) for who in ("ann", "bob", "cid")] == [True] * 3
    assert not is_allowed(limit, "cid")
    assert not is_allowed(limit, "bob")
    assert is_allowed(limit, "ann")
    assert len(limit._full_at) == 2
