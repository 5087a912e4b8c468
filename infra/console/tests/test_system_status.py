"""Conversion of projectors', supervisor's and canary's metrics to the page's status."""

from console.system_status import (
    Freshness,
    FreshnessWindow,
    Projector,
    Samples,
    canary,
    connector,
    parsed,
    projector,
)

NONE = Freshness(0, None, None)


def freshness(fast: int, slow: int, seconds: float) -> Samples:
    """Return a projector's histogram: events within 0.1 s, within 0.5 s, and the sum of delays."""
    return parsed(
        "# TYPE projector_freshness_seconds histogram\n"
        f'projector_freshness_seconds_bucket{{le="0.1"}} {fast}\n'
        f'projector_freshness_seconds_bucket{{le="0.5"}} {fast + slow}\n'
        f'projector_freshness_seconds_bucket{{le="+Inf"}} {fast + slow}\n'
        f"projector_freshness_seconds_sum {seconds}\n"
        f"projector_freshness_seconds_count {fast + slow}\n"
    )


def test_freshness_covers_events_since_the_oldest_poll_of_the_last_minute() -> None:
    window = FreshnessWindow()
    assert window.add(0, freshness(100, 50, 90.0)) == NONE
    assert window.add(2, freshness(104, 50, 90.25)) == Freshness(4, 0.0625, 0.1)
    assert window.add(4, freshness(104, 52, 91.0)) == Freshness(6, 1 / 6, 0.5)
    assert window.add(61, freshness(104, 52, 91.0)) == Freshness(2, 0.375, 0.5)
    assert window.add(70, freshness(104, 52, 91.0)) == NONE


def test_restarted_projector_resets_freshness() -> None:
    window = FreshnessWindow()
    window.add(0, freshness(100, 0, 10.0))
    assert window.add(2, freshness(1, 0, 0.5)) == NONE
    assert window.add(4, freshness(2, 0, 0.75)) == Freshness(1, 0.25, 0.1)


def test_events_above_all_buckets_have_no_bound() -> None:
    window = FreshnessWindow()
    over = 'projector_freshness_seconds_bucket{le="+Inf"} 1\nprojector_freshness_seconds_sum 400\n'
    window.add(0, parsed('projector_freshness_seconds_bucket{le="+Inf"} 0\n'))
    assert window.add(1, parsed(over)) == Freshness(1, 400, None)


def test_lag_is_the_sum_of_the_partitions() -> None:
    samples = parsed(
        'projector_lag_records{partition="0"} 2\nprojector_lag_records{partition="3"} 5\n'
        "projector_dead_letters 1\n"
    )
    assert projector("p", samples, NONE) == Projector("p", 7, 1, NONE)


def test_missing_sample_is_unknown_instead_of_zero() -> None:
    assert projector("p", parsed(""), NONE) == Projector("p", None, None, NONE)
    assert projector("p", None, None) == Projector("p", None, None, None)
    assert connector(None) == connector(parsed("")) == {}
    assert canary(None, 1000) is None


def test_each_part_of_the_connector_is_reported() -> None:
    samples = parsed('connector_running{part="connector"} 1\nconnector_running{part="task 0"} 0\n')
    assert connector(samples) == {"connector": True, "task 0": False}


def test_the_canary_s_age_is_in_seconds() -> None:
    assert canary(parsed("canary_last_success_timestamp_seconds 990.5\n"), 1000) == 9.5
