"""pytest plugin: a table of the slowest tests and files, with CPU seconds beside wall seconds.

CPU near wall means that a test works; much less means that it waits. A test that is quicker than
STEP shares its reading with the next slow one.
"""

import os
import time
from collections import defaultdict
from collections.abc import Generator, Iterator
from pathlib import Path

import psutil
import pytest

from local_stack.supervisor import MARK
from tests.support.costs.usage import Usage
from tests.support.stack.instance import NAME

CPU = "cpu seconds"  # property of a report
STEP = 0.5  # seconds; a reading takes 20 ms
SLOW = 5.0  # seconds: what is quicker is in no table
ROOT = Path(__file__).parents[3]


class Costs:
    """Reads the CPU seconds of this worker's tests, and prints those of all workers."""

    def __init__(self, temporary: pytest.TempPathFactory) -> None:
        self._temporary = temporary
        self._usage = Usage(self._is_mine, os.getpid())
        self._usage.since_last()
        self._last = time.monotonic()

    def _is_mine(self, process: psutil.Process) -> bool:
        try:
            home = Path(process.environ().get(MARK, "/"))
        except psutil.Error:
            return False
        return home == ROOT / ".local" / NAME or self._temporary.getbasetemp() in home.parents

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self,
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if time.monotonic() - self._last > STEP:
            report.user_properties.append((CPU, self._usage.since_last()))
            self._last = time.monotonic()
        return report

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        reports = [
            one
            for group in terminalreporter.stats.values()
            for one in group
            if isinstance(one, pytest.TestReport) and CPU in dict(one.user_properties)
        ]
        if any(one.duration > SLOW for one in reports):
            terminalreporter.section("wall and CPU seconds")
            for line in [*of_tests(reports), *of_files(reports)]:
                terminalreporter.write_line(line)


def cpu_of(report: pytest.TestReport) -> float:
    return float(str(dict(report.user_properties)[CPU]))


def of_tests(reports: list[pytest.TestReport]) -> Iterator[str]:
    for one in sorted(reports, key=lambda one: -one.duration):
        if one.duration > SLOW:
            yield f"{one.duration:6.0f} {cpu_of(one):6.0f}  {one.when:8} {one.nodeid}"


def of_files(reports: list[pytest.TestReport]) -> Iterator[str]:
    wall: dict[str, float] = defaultdict(float)
    cpu: dict[str, float] = defaultdict(float)
    for one in reports:
        file = f"{getattr(one, 'worker_id', 'main')} {one.nodeid.partition('::')[0]}"
        wall[file] += one.duration
        cpu[file] += cpu_of(one)
    yield f"{sum(wall.values()):6.0f} {sum(cpu.values()):6.0f}  all tests"
    for file in sorted(wall, key=lambda file: -wall[file]):
        if wall[file] > SLOW:
            yield f"{wall[file]:6.0f} {cpu[file]:6.0f}  {file}"


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    temporary: pytest.TempPathFactory = session.config._tmp_path_factory  # type: ignore[attr-defined]
    session.config.pluginmanager.register(Costs(temporary), "costs")
