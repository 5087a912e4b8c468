"""Event store against view: each kind of drift, and cases without drift."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from projections.verification.drift import Actual, DriftKind, Expected, agree, classify

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Put:
    key: str
    version: int
    occurred_at: datetime = NOW


def expected(version: int) -> Expected[Put]:
    return Expected(version, Put("a", version), f"content {version}", NOW)


def held(version: int, content: str | None = None) -> Actual:
    return Actual(version, content or f"content {version}")


UNREADABLE: Expected[Put] = Expected(3, None, None, None)


@pytest.mark.parametrize(
    ("truth", "view", "kind"),
    [
        (expected(2), held(2), None),
        (None, None, None),
        (expected(2), None, DriftKind.MISSING),
        (expected(2), held(1), DriftKind.STALE),
        (expected(2), held(2, "other"), DriftKind.DIFFERENT),
        (expected(2), held(3), DriftKind.AHEAD),
        (None, held(1), DriftKind.EXTRA),
        (UNREADABLE, held(2), DriftKind.UNREADABLE),
        (UNREADABLE, None, DriftKind.UNREADABLE),
    ],
    ids=str,
)
def test_each_difference_has_its_kind(
    truth: Expected[Put] | None, view: Actual | None, kind: DriftKind | None
) -> None:
    assert classify(truth, view, target=2) is kind
    assert agree(truth, view) is (kind is None)


def test_view_that_reached_its_target_version_keeps_up() -> None:
    """The key changes faster than the comparison."""
    assert classify(expected(7), held(5), target=5) is None
    assert classify(expected(7), held(4), target=5) is DriftKind.STALE
