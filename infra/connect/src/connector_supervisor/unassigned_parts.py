"""Parts of the connector that no worker runs, and how long they have been unassigned.

UNASSIGNED is normal for seconds, during a rebalance. It stays so where a worker could not shut
its old instance down: Connect 4.3.1 assigned it to none again after a broker was lost.
"""

from collections.abc import Sequence

from connector_supervisor.kafka_connect import UNASSIGNED, Part

# Seconds until a restart, and from each restart to the next; the last one repeats.
BOUNDS = (60.0, 120.0, 240.0, 480.0)


class UnassignedParts:
    """Tracker of parts that have been UNASSIGNED for too long, updated at every poll."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._restarts = 0

    @property
    def bound(self) -> float:
        """Seconds; longer with each restart until everything runs."""
        return BOUNDS[min(self._restarts, len(BOUNDS) - 1)]

    def overdue(self, parts: Sequence[Part], now: float) -> list[Part]:
        """Return the parts to restart; now is in seconds of a monotonic clock."""
        unassigned = [part for part in parts if part.state == UNASSIGNED]
        self._since = {part.name: self._since.get(part.name, now) for part in unassigned}
        if all(part.state == "RUNNING" for part in parts):
            self._restarts = 0
        return [part for part in unassigned if now - self._since[part.name] >= self.bound]

    def restarted(self) -> None:
        """Note that overdue parts were restarted: their time starts over."""
        self._restarts += 1
        self.forget_times()

    def forget_times(self) -> None:
        """Discard the recorded times, after Connect did not answer or restarted parts."""
        self._since.clear()
