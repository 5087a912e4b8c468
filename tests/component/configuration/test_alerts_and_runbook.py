"""Alerts, their tests and the runbook are consistent: each alert has instructions."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_stack.addresses import (
    CANARY,
    CONSOLE,
    MORE_SERVICES,
    MORE_SUPERVISORS,
    SERVICES,
    SUPERVISOR,
)

ROOT = Path(__file__).parents[3]
RULES = (ROOT / "infra/prometheus/alerts.yml").read_text()
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule
    for group in yaml.safe_load(RULES)["groups"]
    for rule in group["rules"]
    if "alert" in rule
}
TESTS = (ROOT / "infra/prometheus/alerts_test.yml").read_text()
CAUSES = (ROOT / "tests/system/local/test_alerts.py").read_text()
RUNBOOK = (ROOT / "docs/runbook.md").read_text()
ENTRIES = re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE)


def anchor(heading: str) -> str:
    """Return the anchor as code hosts create it: lower case, hyphens for spaces, no punctuation."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_every_alert_has_its_entry_in_the_runbook_and_every_entry_its_alert() -> None:
    assert sorted(ENTRIES) == sorted(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_alert_has_severity_summary_description_and_runbook_link(name: str) -> None:
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}
    file, _, fragment = alert["annotations"]["runbook_url"].partition("#")
    assert ROOT / file == ROOT / "docs/runbook.md"
    assert fragment in map(anchor, ENTRIES)
    assert fragment == anchor(name)


def test_every_alert_fires_in_promtool_tests() -> None:
    fired = re.findall(r'labels: .ALERTS\{alertname="(\w+)",alertstate="firing"', TESTS)
    assert set(fired) == set(ALERTS)


def test_every_alert_is_caused_in_system_tests() -> None:
    caused = re.findall(r'\("([A-Z]\w+)", "[\w-]*"\)', CAUSES)
    assert set(caused) == set(ALERTS)


def test_runbook_links_are_valid() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", RUNBOOK):
        file, _, fragment = target.partition("#")
        assert (ROOT / "docs" / file).exists(), target
        assert not fragment or fragment in map(anchor, ENTRIES), target


def test_service_down_covers_absent_services() -> None:
    rules = [file.read_text() for file in (ROOT / "infra/prometheus").glob("*alerts.yml")]
    missed = re.findall(r'absent\(up\{job="([\w-]+)"\}\)', "\n".join(rules))
    ours = {*SERVICES, SUPERVISOR, CANARY, CONSOLE, *MORE_SERVICES, *MORE_SUPERVISORS}
    assert (len(missed), set(missed)) == (len(ours), ours)
    scraped = yaml.safe_load((ROOT / "infra/prometheus/prometheus.yml").read_text())
    assert ours == {job["job_name"] for job in scraped["scrape_configs"]}
