"""Generate Grafana's dashboards from the .yaml files beside this one; `make gen` runs it.

A source has rows of panels; a panel has a title, a description, a unit (Grafana's names), queries
with their legends, and optionally a kind, a width of 24, and thresholds (colour → from).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
PROVISIONED = HERE / "provisioning" / "dashboards"
DATASOURCE = {"type": "prometheus", "uid": "prometheus"}  # as in provisioning/datasources
FULL_WIDTH, HEIGHT, ROW_HEIGHT = 24, 8, 1
STAT_HEIGHT = 4
SCHEMA = 41  # of Grafana 12
OPTIONS: dict[str, dict[str, Any]] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom"},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {"colorMode": "background", "reduceOptions": {"calcs": ["lastNotNull"]}},
    "heatmap": {
        "calculate": False,
        "yAxis": {"unit": "s"},
        "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64},
        "cellGap": 1,
    },
}


def main() -> None:
    for source in HERE.glob("*.yaml"):
        generated = dashboard(source.stem, yaml.safe_load(source.read_text("utf-8")))
        text = json.dumps(generated, indent=2, ensure_ascii=False) + "\n"
        (PROVISIONED / f"{source.stem}.json").write_text(text, "utf-8")


def dashboard(uid: str, source: Mapping[str, Any]) -> dict[str, Any]:
    """Return the dashboard as Grafana reads it; every panel has an id and a position."""
    panels = list(placed(source["rows"]))
    variables = source.get("variables", {})
    return {
        "uid": uid,
        "title": source["title"],
        "description": source["description"],
        "tags": ["people"],
        "schemaVersion": SCHEMA,
        "editable": False,
        "graphTooltip": 1,  # one cross-hair for all panels
        "refresh": "10s",
        "time": {"from": "now-30m", "to": "now"},
        "timezone": "utc",
        "links": [{"type": "dashboards", "title": "", "tags": ["people"], "keepTime": True}],
        "templating": {"list": [variable(name, query) for name, query in variables.items()]},
        "panels": [panel | {"id": number} for number, panel in enumerate(panels, 1)],
    }


def variable(name: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,  # on each change of the time range
        "includeAll": True,
        "allValue": ".+",
        "current": {"text": "All", "value": "$__all"},
        "sort": 1,
    }


def placed(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield panels row by row, from left to right; a line is full at 24."""
    y = 0
    for row in rows:
        yield {
            "type": "row",
            "title": row["title"],
            "collapsed": False,
            "panels": [],
            "gridPos": {"x": 0, "y": y, "w": FULL_WIDTH, "h": ROW_HEIGHT},
        }
        x, y = 0, y + ROW_HEIGHT
        height = STAT_HEIGHT if row["panels"][0].get("kind") == "stat" else HEIGHT
        for source in row["panels"]:
            if x + source["width"] > FULL_WIDTH:
                x, y = 0, y + height
            yield panel(source) | {
                "gridPos": {"x": x, "y": y, "w": source["width"], "h": height},
            }
            x += source["width"]
        y += height


def panel(source: Mapping[str, Any]) -> dict[str, Any]:
    kind = source.get("kind", "timeseries")
    steps = [{"color": source.get("base", "green"), "value": None}]
    steps += [{"color": colour, "value": v} for colour, v in source.get("thresholds", {}).items()]
    defaults: dict[str, Any] = {
        "unit": source["unit"],
        "min": 0,
        "thresholds": {"mode": "absolute", "steps": steps},
    }
    if kind == "timeseries" and "thresholds" in source:
        defaults["custom"] = {"thresholdsStyle": {"mode": "dashed"}}
    return {
        "type": kind,
        "title": source["title"],
        "description": source["description"],
        "datasource": DATASOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": OPTIONS[kind],
        "targets": [target(kind, *one) for one in enumerate(source["queries"])],
    }


def target(kind: str, number: int, source: Mapping[str, str]) -> dict[str, Any]:
    return {
        "refId": chr(ord("A") + number),
        "datasource": DATASOURCE,
        "expr": source["query"].strip(),
        "legendFormat": source["legend"],
        "format": "heatmap" if kind == "heatmap" else "time_series",
        "instant": kind == "stat",
        "range": kind != "stat",
    }


if __name__ == "__main__":
    main()
