"""Fixtures of the chaos suite (`make chaos`). The seed decides victims, times and commands."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from local_stack.addresses import Addresses
from local_stack.layout import ROOT, Instance
from tests.chaos.harness import replicas
from tests.chaos.harness.scenario import Chaos
from tests.chaos.verdict import outcome_table

HERE = Path(__file__).parent
HOME = ROOT / ".local" / "chaos"
CI_MINUTES = 10.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, help="seed of the run to repeat")
    parser.addoption("--minutes", type=float, default=CI_MINUTES, help="approximate duration")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip the tests that need clusters: `make chaos-clusters` runs them."""
    is_of_clusters = collection_path.name == "test_clusters.py"
    return True if is_of_clusters and config.getoption("stack") != "clusters" else None


def pytest_configure(config: pytest.Config) -> None:
    if config.option.seed is None:
        config.option.seed = random.SystemRandom().randrange(10**6)


def pytest_report_header(config: pytest.Config) -> str:
    return f"chaos: SEED={config.option.seed} MINUTES={config.option.minutes:g}"


@pytest.fixture(scope="session")
async def chaos(stack: Addresses, request: pytest.FixtureRequest) -> AsyncIterator[Chaos]:
    """Run the stack with two replicas of each service; print and keep the table afterwards."""
    instance = Instance(stack.instance, stack.port_offset, stack.form)
    options = request.config.option
    async with replicas.running(instance) as running:
        shared = Chaos(stack, running, options.seed, options.minutes, HOME)
        request.config.stash[LINES] = shared.lines
        yield shared


LINES = pytest.StashKey[list[outcome_table.Line]]()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if lines := config.stash.get(LINES, []):
        text = outcome_table.table(lines)
        (HOME / "table.md").write_text(text)
        terminalreporter.section(f"chaos: SEED={config.option.seed}")
        terminalreporter.write(text)
