"""Metrics of several processes as those of one.

prometheus-client's own way, files that all processes map, has no gauges that are computed when they
are read (requests_in_flight, client_memory_bytes), and each observation writes to a file's memory.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

STARTED = "process_start_time_seconds"
CUMULATIVE = {"counter", "histogram", "summary"}
NEWEST = {STARTED, "python_info", "process_max_fds"}  # no sums
Labels = tuple[tuple[str, str], ...]
Key = tuple[str, Labels]


@dataclass(slots=True)
class _Family:
    documentation: str
    type: str
    samples: dict[Key, float] = field(default_factory=dict)


_Families = dict[str, _Family]


class MergedMetrics:
    """A registry with the sum of each counter, histogram and gauge.

    Of NEWEST it has the maximum: the start time changes when any process was replaced. What a
    replaced process had counted when it was last read stays in the sums, so no counter decreases.
    """

    def __init__(self) -> None:
        self._of_process: dict[int, _Families] = {}
        self._ended: dict[str, dict[Key, float]] = defaultdict(lambda: defaultdict(float))

    def update(self, number: int, text: str) -> None:
        """Replace the metrics of a process by these, in Prometheus's text format."""
        before, now = self._of_process.get(number), _parsed(text)
        if before and _started(before) != _started(now):
            self._keep(before)
        self._of_process[number] = now

    def _keep(self, families: _Families) -> None:
        for name, family in families.items():
            if family.type in CUMULATIVE:
                for key, value in family.samples.items():
                    self._ended[name][key] += value

    def collect(self) -> Iterator[Metric]:
        """Yield the merged metrics, as a registry of prometheus-client does."""
        found: dict[str, list[_Family]] = defaultdict(list)
        for families in self._of_process.values():
            for name, family in families.items():
                found[name].append(family)
        for name, same in found.items():
            metric = Metric(name, same[0].documentation, same[0].type)
            for (sample, labels), value in self._merged(name, same).items():
                metric.add_sample(sample, dict(labels), value)
            yield metric

    def _merged(self, name: str, families: Iterable[_Family]) -> dict[Key, float]:
        values: dict[Key, list[float]] = defaultdict(list)
        for family in families:
            for key, value in family.samples.items():
                values[key].append(value)
        for key, value in self._ended.get(name, {}).items():
            values[key].append(value)
        merge = max if name in NEWEST else min if name.endswith("_created") else sum
        return {key: float(merge(of_key)) for key, of_key in values.items()}


def _parsed(text: str) -> _Families:
    found = {}
    for metric in text_string_to_metric_families(text):
        family = found[metric.name] = _Family(metric.documentation, metric.type)
        for sample in metric.samples:
            family.samples[sample.name, tuple(sample.labels.items())] = sample.value
    return found


def _started(families: _Families) -> object:
    family = families.get(STARTED)
    return family and family.samples
