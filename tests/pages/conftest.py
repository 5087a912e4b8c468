"""The seconds of each step stand at the end of the run: a newcomer waits for them, too."""

import pytest
from times import TIMES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TIMES:
        terminalreporter.section("commands of the pages")
    for line in TIMES:
        terminalreporter.write_line(line)
