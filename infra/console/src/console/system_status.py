"""Conversion of programs' metrics to the page's status. Pure: the time is passed in."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec
from prometheus_client.parser import text_string_to_metric_families

MINUTE = 60.0
Sample = tuple[str, Mapping[str, str], float]
"""Name, labels, value."""


class Program(msgspec.Struct, frozen=True):
    """A program, as its admin port reports it."""

    name: str
    state: str
    """ready, not ready, or unavailable."""
    why: str = ""


class Freshness(msgspec.Struct, frozen=True):
    """Delay from occurred_at to the view, of the events stored in the last minute."""

    events: int
    mean: float | None
    """Seconds; None without events."""
    within: float | None
    """Seconds, bucket bound of the slowest; None without events, or above all buckets."""


class Projector(msgspec.Struct, frozen=True):
    """A projector's metrics; None: unavailable, or not known yet."""

    name: str
    lag: int | None
    dead_letters: int | None
    freshness: Freshness | None


class SystemStatus(msgspec.Struct, frozen=True):
    """System status that the page shows."""

    programs: list[Program]
    projectors: list[Projector]
    connector: dict[str, bool]
    """Part → whether it runs; empty: unknown."""
    canary: float | None
    """Seconds since the canary's last success."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples of one /metrics response."""

    all: tuple[Sample, ...]

    def values(self, name: str) -> Iterator[tuple[Mapping[str, str], float]]:
        return ((labels, value) for found, labels, value in self.all if found == name)

    def total(self, name: str) -> float | None:
        """Return the sum over all labels; None if there is no such sample."""
        values = [value for _, value in self.values(name)]
        return sum(values) if values else None


def parsed(text: str) -> Samples:
    """Parse the samples of Prometheus's text format; raise ValueError."""
    families = text_string_to_metric_families(text)
    return Samples(tuple((s.name, s.labels, s.value) for f in families for s in f.samples))


class FreshnessWindow:
    """A projector's freshness over the last minute, from its histogram at each poll."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, dict[str, float], float]] = deque()

    def add(self, now: float, samples: Samples) -> Freshness:
        """Return the freshness since the oldest poll of the last minute; now is in seconds."""
        buckets = {
            labels["le"]: value
            for labels, value in samples.values("projector_freshness_seconds_bucket")
        }
        seconds = samples.total("projector_freshness_seconds_sum") or 0.0
        if self._seen and buckets.get("+Inf", 0) < self._seen[-1][1].get("+Inf", 0):
            self._seen.clear()  # the counters were reset: it was restarted
        self._seen.append((now, buckets, seconds))
        while now - self._seen[0][0] > MINUTE:
            self._seen.popleft()
        _, before, seconds_before = self._seen[0]
        new = {bound: count - before.get(bound, 0) for bound, count in buckets.items()}
        return _freshness(new, seconds - seconds_before)


def projector(name: str, samples: Samples | None, freshness: Freshness | None) -> Projector:
    """Return a projector's metrics; None if it is unavailable."""
    if samples is None:
        return Projector(name, None, None, None)
    lag = samples.total("projector_lag_records")
    dead_letters = samples.total("projector_dead_letters")
    return Projector(
        name,
        None if lag is None else int(lag),
        None if dead_letters is None else int(dead_letters),
        freshness,
    )


def connector(samples: Samples | None) -> dict[str, bool]:
    """Return which parts of the connector run."""
    parts = samples.values("connector_running") if samples else ()
    return {labels["part"]: value == 1 for labels, value in parts}


def canary(samples: Samples | None, now: float) -> float | None:
    """Return the seconds since the canary's last success; now is Unix time."""
    last = samples.total("canary_last_success_timestamp_seconds") if samples else None
    return max(0.0, now - last) if last else None


def _freshness(new: Mapping[str, float], seconds: float) -> Freshness:
    events = new.get("+Inf", 0)
    if not events:
        return Freshness(0, None, None)
    bounds = sorted((float(bound), count) for bound, count in new.items() if bound != "+Inf")
    within = next((bound for bound, count in bounds if count == events), None)
    return Freshness(int(events), seconds / events, within)
