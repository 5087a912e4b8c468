"""Generated dashboards: Grafana finds them, and each panel is described."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
PROVISIONING = ROOT / "infra/grafana/provisioning"
DASHBOARDS: dict[str, dict[str, Any]] = {
    file.stem: json.loads(file.read_text()) for file in (PROVISIONING / "dashboards").glob("*.json")
}
PANELS = [
    pytest.param(panel, id=f"{dashboard['title']} / {panel['title']}")
    for dashboard in DASHBOARDS.values()
    for panel in dashboard["panels"]
    if panel["type"] != "row"
]
GRAFANA = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["grafana"]


def provisioned(kind: str) -> Any:
    (file,) = (PROVISIONING / kind).glob("*.yaml")
    return yaml.safe_load(file.read_text())


@pytest.mark.parametrize("panel", PANELS)
def test_panel_has_title_unit_and_description(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["description"].endswith(".")
    assert panel["targets"]


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_panels_fill_their_rows_without_overlap(dashboard: dict[str, Any]) -> None:
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in dashboard["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken))
    assert {x for x, _ in taken} == set(range(24))
    assert len(taken) == 24 * (1 + max(y for _, y in taken))


def test_panels_use_the_provisioned_datasource() -> None:
    known = {one.get("uid") for one in provisioned("datasources")["datasources"]}
    for dashboard in DASHBOARDS.values():
        for panel in dashboard["panels"]:
            sources = [target["datasource"]["uid"] for target in panel.get("targets", [])]
            assert set(sources) <= known, panel["title"]


def test_grafana_provisions_dashboards_with_overview_as_home() -> None:
    assert set(DASHBOARDS) == {source.stem for source in (ROOT / "infra/grafana").glob("*.yaml")}
    assert {uid: one["uid"] for uid, one in DASHBOARDS.items()} == {u: u for u in DASHBOARDS}
    assert "./infra/grafana/provisioning:/etc/grafana/provisioning:ro" in GRAFANA["volumes"]
    (provider,) = provisioned("dashboards")["providers"]
    folder = "/etc/grafana/provisioning/dashboards"
    assert provider["options"]["path"] == folder
    home = GRAFANA["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{folder}/overview.json"


def test_runbook_names_existing_panels() -> None:
    there = {panel.id for panel in PANELS}
    named = re.findall(r"\*(\w+ / [^*]+)\*", (ROOT / "docs/runbook.md").read_text())
    assert named
    assert {" ".join(one.split()) for one in named} - {"dashboard / panel"} <= there
