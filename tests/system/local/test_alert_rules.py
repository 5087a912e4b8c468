"""The shipped rules with their shipped durations, checked by Prometheus's own tool."""

import subprocess
from pathlib import Path

import pytest
import yaml

from local_stack import stack

pytestmark = pytest.mark.integration
INFRA = Path(__file__).parents[3] / "infra"
PROMETHEUS, KUBERNETES = INFRA / "prometheus", INFRA / "k8s"


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
    found_right(PROMETHEUS, *words)


def test_kubernetes_rules_detect_a_stopped_connector_by_other_metrics(tmp_path: Path) -> None:
    groups = []
    for file in ("alerts.yaml", "connector-alerts.yaml"):
        rule = yaml.safe_load((KUBERNETES / "overlays/production" / file).read_text())
        groups += rule["spec"]["groups"]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": groups}))
    scenario = (KUBERNETES / "connector-alerts_test.yml").read_text()
    (tmp_path / "test.yml").write_text(scenario)
    found_right(tmp_path, "check", "rules", "--lint=all", "--lint-fatal", "rules.yml")
    found_right(tmp_path, "test", "rules", "test.yml")


def found_right(folder: Path, *words: str) -> None:
    """Fail the test with promtool's output if it finds an error."""
    promtool = stack.fetch().packages / "usr/bin/promtool"
    done = subprocess.run(
        [promtool, *words], cwd=folder, check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
