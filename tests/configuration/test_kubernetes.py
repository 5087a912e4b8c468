"""infra/k8s as kustomize builds it: valid, without passwords, and nothing in it copied by hand."""

import json
import subprocess
from typing import Any

import pytest
import yaml
from go_tools import TOOLS, tool
from manifests import KUBERNETES, OVERLAYS, ROOT, built, of_kind, resources

LOCATION = f"{TOOLS}/kubernetes/schemas/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
README = (KUBERNETES / "README.md").read_text()


def found_invalid(manifests: str) -> str:
    command = [tool("kubeconform"), "-strict", "-schema-location", LOCATION]
    return subprocess.run(
        command, input=manifests, capture_output=True, text=True, check=False
    ).stdout


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_resource_is_valid_by_the_schema_of_its_kind(overlay: str) -> None:
    assert found_invalid(built(overlay)) == ""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("terminationGracePeriodSeconds: 30", "terminationGracePeriod: 30"),
        ("maxReplicaCount: 4", "maxReplicaCount: four"),
        ("tasksMax: 1", "maxTasks: 1"),
        ("clusterSize: 3", "clusterSize: 2"),
        ("jobLabel: app", "jobLabels: app"),
    ],
)
def test_what_is_misspelt_is_seen(right: str, wrong: str) -> None:
    text = built("production")
    assert right in text
    assert "is invalid" in found_invalid(text.replace(right, wrong))


def test_production_has_no_secrets_but_refers_to_those_that_the_readme_names() -> None:
    assert "Secret" not in {one["kind"] for one in resources("production")}
    made = {*of_kind("production", "KafkaUser"), "people-cluster-ca-cert", "opensearch-http-cert"}
    for name in referred_secrets(list(resources("production"))) - made:
        assert f"| `{name}` |" in README, name


def referred_secrets(value: Any) -> set[str]:
    """Every name of a Secret anywhere in the resources."""
    if isinstance(value, list):
        return set[str]().union(*map(referred_secrets, value))
    if not isinstance(value, dict):
        return set()
    found = {value["secretName"]} if isinstance(value.get("secretName"), str) else set()
    for key, inner in value.items():
        refers = key in {"secret", "secretKeyRef", "redisSecret", "passwordFrom"}
        if (refers or key.endswith("Secret")) and isinstance(inner, dict) and "name" in inner:
            found.add(inner["name"])
        if key == "secretTargetRef":
            found |= {one["name"] for one in inner}
        found |= referred_secrets(inner)
    return found


def test_development_has_a_secret_for_every_reference() -> None:
    assert referred_secrets(list(resources("dev"))) == set(of_kind("dev", "Secret"))


def test_nobody_is_let_in_unasked_in_production() -> None:
    assert "ALLOW_ANONYMOUS" not in built("production")
    assert built("dev").count("ALLOW_ANONYMOUS") == 4


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_connector_is_the_one_of_the_file(overlay: str) -> None:
    file: dict[str, str] = json.loads((ROOT / "infra/connect/user-events.json").read_text())
    spec = of_kind(overlay, "KafkaConnector")["user-events"]["spec"]
    secured = (
        *("schema.history.internal.producer.", "schema.history.internal.consumer."),
        *("signal.consumer.s", "database.ssl."),
    )
    told = {
        name: value
        for name, value in spec["config"].items()
        if overlay == "dev" or not name.startswith(secured) or name in file
    }
    assert told == {k: v for k, v in file.items() if k not in {"connector.class", "tasks.max"}}
    assert spec["class"] == file["connector.class"]
    assert spec["tasksMax"] == int(file["tasks.max"])
    assert spec["autoRestart"] == {"enabled": True}


def test_the_alerts_are_those_of_prometheus_but_for_what_only_the_supervisor_knows() -> None:
    file = yaml.safe_load((ROOT / "infra/prometheus/alerts.yml").read_text())["groups"]
    spec = of_kind("production", "PrometheusRule")["people"]["spec"]["groups"]
    assert [group["name"] for group in spec] == [group["name"] for group in file]
    ours = {rule.get("alert", rule.get("record")): rule for g in spec for rule in g["rules"]}
    theirs = {rule.get("alert", rule.get("record")): rule for g in file for rule in g["rules"]}
    assert theirs.keys() - ours.keys() == {"ConnectorRestartsOften"}
    down = theirs["ServiceDown"]
    for absent in ("connector-supervisor", "console"):
        down["expr"] = down["expr"].replace(f'or absent(up{{job="{absent}"}})\n', "")
    assert {name: rule["expr"].strip() for name, rule in ours.items()} == {
        name: theirs[name]["expr"].strip() for name in ours
    }
    assert ours["ServiceDown"]["annotations"] == down["annotations"]


def test_the_dashboards_are_those_of_grafana() -> None:
    folder = ROOT / "infra/grafana/provisioning/dashboards"
    dashboards = of_kind("production", "ConfigMap")["dashboards"]
    assert dashboards["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert dashboards["data"] == {file.name: file.read_text() for file in folder.glob("*.json")}
