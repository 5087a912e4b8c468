"""Bounds of the time that a part may stay UNASSIGNED, and restarts after it."""

import pytest

from connector_supervisor.kafka_connect import Part
from connector_supervisor.unassigned_parts import BOUNDS, UnassignedParts

CONNECTOR = Part("connector", "UNASSIGNED", None)
TASK = Part("task 0", "UNASSIGNED", None)
RUNNING = [Part("connector", "RUNNING", None), Part("task 0", "RUNNING", None)]


@pytest.fixture
def unassigned() -> UnassignedParts:
    return UnassignedParts()


def test_part_is_overdue_once_its_bound_is_exceeded(unassigned: UnassignedParts) -> None:
    assert unassigned.overdue([CONNECTOR, TASK], now=100.0) == []
    assert unassigned.overdue([RUNNING[0], TASK], now=130.0) == []
    assert unassigned.overdue([CONNECTOR, TASK], now=100.0 + BOUNDS[0]) == [TASK]


def test_rebalance_of_seconds_begins_the_time_again(unassigned: UnassignedParts) -> None:
    unassigned.overdue([TASK], now=0.0)
    unassigned.overdue(RUNNING, now=50.0)
    assert unassigned.overdue([TASK], now=70.0) == []


def test_time_without_an_answer_does_not_count(unassigned: UnassignedParts) -> None:
    unassigned.overdue([TASK], now=0.0)
    unassigned.forget_times()
    assert unassigned.overdue([TASK], now=300.0) == []


def test_each_restart_that_does_not_help_doubles_the_bound(unassigned: UnassignedParts) -> None:
    restarts = []
    for now in range(2000):
        if unassigned.overdue([TASK], now=float(now)):
            unassigned.restarted()
            restarts.append(now)
    waited = [after - before for before, after in zip([0, *restarts], restarts, strict=False)]
    assert [round(one, -1) for one in waited] == [60, 120, 240, 480, 480, 480]


def test_bound_is_the_first_again_once_everything_runs(unassigned: UnassignedParts) -> None:
    unassigned.overdue([TASK], now=0.0)
    unassigned.restarted()
    unassigned.overdue(RUNNING, now=1.0)
    unassigned.overdue([TASK], now=2.0)
    assert unassigned.overdue([TASK], now=2.0 + BOUNDS[0]) == [TASK]
