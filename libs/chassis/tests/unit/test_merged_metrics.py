"""Metrics of several processes as those of one."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from chassis.observability.merged_metrics import STARTED, MergedMetrics


def metrics(started: float, count: int, gauge: float) -> str:
    """Return the text of a process's metrics."""
    registry = CollectorRegistry()
    Gauge(STARTED, "Start time.", registry=registry).set(started)
    Gauge("open", "Open.", ["port"], registry=registry).labels("http").set(gauge)
    Counter("seen", "Seen.", ["by"], registry=registry).labels("us").inc(count)
    histogram = Histogram("took", "Took.", buckets=(1, 2), registry=registry)
    for _ in range(count):
        histogram.observe(1.5)
    return generate_latest(registry).decode()


def values(merged: MergedMetrics) -> dict[str, float]:
    return {
        "".join((s.name, *(f"{{{v}}}" for v in s.labels.values()))): s.value
        for metric in merged.collect()
        for s in metric.samples
    }


def test_metrics_of_one_process_are_unchanged() -> None:
    merged, text = MergedMetrics(), metrics(100, 3, 2)
    merged.update(1, text)
    assert sorted(generate_latest(merged).decode().splitlines()) == sorted(text.splitlines())


def test_counters_histograms_and_gauges_are_summed() -> None:
    merged = MergedMetrics()
    merged.update(1, metrics(100, 3, 2))
    merged.update(2, metrics(101, 4, 5))
    found = values(merged)
    assert found["seen_total{us}"] == 7
    assert found["open{http}"] == 7
    assert found["took_bucket{1.0}"] == 0
    assert found["took_bucket{2.0}"] == found["took_bucket{+Inf}"] == found["took_count"] == 7
    assert found["took_sum"] == 10.5
    assert found[STARTED] == 101


def test_counts_of_a_replaced_process_remain() -> None:
    merged = MergedMetrics()
    merged.update(1, metrics(100, 3, 2))
    merged.update(2, metrics(101, 4, 5))
    merged.update(1, metrics(200, 1, 1))
    merged.update(1, metrics(200, 2, 1))
    found = values(merged)
    assert (found["seen_total{us}"], found["took_count"], found["open{http}"]) == (9, 9, 6)
    assert found[STARTED] == 200
