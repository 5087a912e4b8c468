"""CPU seconds of this process, of its descendants, and of the local stacks that it has started."""

from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

Mine = Callable[[psutil.Process], bool]
"""Whether a process without a living parent, such as supervisord, belongs to this test run."""


@dataclass(slots=True)
class Seen:
    """A process at one reading."""

    parent: int
    cpu: float  # its own and that of its ended children


@dataclass(slots=True)
class Usage:
    """Readings of one process tree; what a daemon used since its last reading is lost with it."""

    is_mine: Mine
    root: int
    _seen: dict[int, Seen] = field(default_factory=dict)
    _ended: float = 0.0
    _total: float = 0.0

    def since_last(self) -> float:
        """Return the CPU seconds since the last call."""
        before = self._total
        seen = self._read()
        self._ended += sum(one.cpu for pid, one in self._seen.items() if self._is_lost(pid, seen))
        self._seen = seen
        self._total = self._ended + sum(one.cpu for one in seen.values())
        return max(0.0, self._total - before)

    def _read(self) -> dict[int, Seen]:
        living: dict[int, Seen] = {}
        processes = {one.pid: one for one in psutil.process_iter()}
        for pid, process in processes.items():
            try:
                times, parent = process.cpu_times(), process.ppid()
            except psutil.Error:
                continue
            living[pid] = Seen(parent, sum(times[:4]))
        mine: dict[int, bool] = {self.root: True}
        return {
            pid: one for pid, one in living.items() if self._belongs(pid, living, processes, mine)
        }

    def _belongs(
        self,
        pid: int,
        living: dict[int, Seen],
        processes: dict[int, psutil.Process],
        mine: dict[int, bool],
    ) -> bool:
        if pid not in mine:
            parent = living[pid].parent
            mine[pid] = (
                self._belongs(parent, living, processes, mine)
                if parent in living and parent > 1
                else pid in self._seen or self.is_mine(processes[pid])
            )
        return mine[pid]

    def _is_lost(self, pid: int, seen: dict[int, Seen]) -> bool:
        """Return whether an ended process has no living ancestor that counts its CPU seconds."""
        while pid in self._seen:
            if pid in seen:
                return False
            pid = self._seen[pid].parent
        return True
