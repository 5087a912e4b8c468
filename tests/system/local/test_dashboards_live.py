"""Every query of every dashboard and rule, on the running system under light load."""

import json
import math
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import ApiClient, Refused
from tests.support.stack.prometheus import RULES, Prometheus
from tests.support.stack.survival import visible

pytestmark = pytest.mark.e2e
DASHBOARDS = Path(__file__).parents[3] / "infra/grafana/provisioning/dashboards"
# Values of Grafana's variables; the rate interval is four scrapes, as in its datasource.
VARIABLES = {"$__rate_interval": "20s", "$service": ".+"}
# Series that exist only during a fault; test_alerts.py covers each of them.
WHILE_WRONG = {"connector_needs_operator", "captured_table_mismatch", "mysql_setting_unsafe"}
QUERIES = [
    pytest.param(target, id=f"{dashboard['title']} / {panel['title']} / {target['refId']}")
    for dashboard in map(json.loads, (file.read_text() for file in DASHBOARDS.glob("*.json")))
    for panel in dashboard["panels"]
    for target in panel.get("targets", [])
]
EXPRESSIONS = [
    pytest.param(rule["expr"], id=rule.get("alert") or rule["record"])
    for group in yaml.safe_load(RULES.read_text())["groups"]
    for rule in group["rules"]
]


@pytest.fixture(scope="module")
async def prometheus(stack: Addresses, http: ApiClient, grpc: ApiClient) -> Prometheus:
    """Return the stack's Prometheus, after every API call was made over both transports."""
    for api in (http, grpc):
        user = await api.create("Florence", "Nightingale")
        renamed = user | await api.rename(user["id"], "Flo")
        # The first event after a start may take longer than a read with min_version waits.
        await eventually(partial(visible, api, renamed), within=60, every=0.5)
        await api.get(user["id"], min_version=2)
        await api.history(user["id"])
        await api.list_page(1)
        await api.search("nightingale")
        with pytest.raises(Refused):  # the one server error that a client can cause
            await api.get(user["id"], min_version=99)
        await api.delete(user["id"])
    return Prometheus(stack.prometheus_url)


def test_there_are_queries_and_rules() -> None:
    assert len(QUERIES) > 50
    assert len(EXPRESSIONS) > 15


@pytest.mark.parametrize("target", QUERIES)
async def test_panel_query_returns_data(prometheus: Prometheus, target: dict[str, Any]) -> None:
    query = target["expr"]
    for variable, value in VARIABLES.items():
        query = query.replace(variable, value)
    assert "$" not in query

    async def shows_something() -> list[dict[str, Any]]:
        found = await prometheus.query(query)
        numbers = [one for one in found if not math.isnan(float(one["value"][1]))]
        assert numbers, query
        return numbers

    shown = await eventually(shows_something, within=30, every=1)
    for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
        assert any(label in one["metric"] for one in shown), label


@pytest.mark.parametrize("expression", EXPRESSIONS)
async def test_rule_uses_existing_series(prometheus: Prometheus, expression: str) -> None:
    """An alert's expression has no result while all is well, but its parts must have one."""
    selectors = await prometheus.selectors(expression)
    assert selectors

    async def all_match() -> None:
        missing = {
            one for one in selectors if not await prometheus.query(f"last_over_time({one}[1h])")
        }
        wrong = {metric for metric in WHILE_WRONG if await prometheus.exports(metric)}
        assert missing <= {f'{{__name__="{metric}"}}' for metric in wrong}

    await eventually(all_match, within=30, every=1)
