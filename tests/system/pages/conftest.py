"""Duration of each step, printed at the end of the run: a newcomer waits for them, too."""

from typing import Any

import pytest

from tests.support.docs.times import TIMES


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send the durations from pytest-xdist's worker to the process that prints the report."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["times"] = TIMES


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    TIMES.extend(getattr(node, "workeroutput", {}).get("times", []))  # a crashed worker has none


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TIMES:
        terminalreporter.section("commands of the pages")
    for line in TIMES:
        terminalreporter.write_line(line)
