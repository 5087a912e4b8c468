"""The shipped rules with their shipped durations, by Prometheus's own tool."""

import subprocess
from pathlib import Path

import pytest

from local_stack import stack

pytestmark = pytest.mark.integration
PROMETHEUS = Path(__file__).parents[2] / "infra" / "prometheus"


@pytest.mark.parametrize(
    "words",
    [
        ("check", "config", "prometheus.yml"),
        ("check", "rules", "--lint=all", "--lint-fatal", "alerts.yml"),
        ("test", "rules", "alerts_test.yml"),
    ],
    ids=" ".join,
)
def test_promtool_finds_nothing_wrong(words: tuple[str, ...]) -> None:
    promtool = stack.fetch().packages / "usr/bin/promtool"
    done = subprocess.run(
        [promtool, *words], cwd=PROMETHEUS, check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
