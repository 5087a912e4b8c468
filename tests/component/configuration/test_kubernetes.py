"""infra/k8s as built by kustomize: valid, without passwords, and with nothing copied by hand."""

import json
from typing import Any

import pytest
import yaml

from tests.support.kubernetes.kubeconform import found_invalid
from tests.support.kubernetes.manifests import (
    KUBERNETES,
    OVERLAYS,
    ROOT,
    Resource,
    built,
    of_kind,
    resources,
)
from tests.support.stack.programs import PREFIXES, every

README = (KUBERNETES / "README.md").read_text()


OF_THE_SUPERVISOR = {
    *("ConnectorRestartsOften", "ConnectorNeedsOperator", "CapturedTableMismatch"),
    *("MySQLSettingUnsafe", "CaptureUnchecked"),
}


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
def test_misspelt_field_is_detected(right: str, wrong: str) -> None:
    text = built("production")
    assert right in text
    assert "is invalid" in found_invalid(text.replace(right, wrong))


def test_production_has_no_secrets_but_refers_to_those_that_the_readme_names() -> None:
    assert "Secret" not in {one["kind"] for one in resources("production")}
    made = {*of_kind("production", "KafkaUser"), "people-cluster-ca-cert", "opensearch-http-cert"}
    for name in referred_secrets(list(resources("production"))) - made:
        assert f"| `{name}` |" in README, name


def referred_secrets(value: Any) -> set[str]:
    """Return every name of a Secret in the resources."""
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


def test_production_permits_no_anonymous_client() -> None:
    assert "ALLOW_ANONYMOUS" not in built("production")
    assert built("dev").count("ALLOW_ANONYMOUS") == 3 * len(PREFIXES) + 1


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_connector_is_the_one_of_its_file(overlay: str) -> None:
    connectors = of_kind(overlay, "KafkaConnector")
    assert len(connectors) == len(PREFIXES)
    for name, connector in connectors.items():
        text = (ROOT / f"infra/connect/{name}.json").read_text()
        is_the_one_of_the_file(overlay, connector["spec"], json.loads(text))


def is_the_one_of_the_file(overlay: str, spec: Resource, file: dict[str, str]) -> None:
    secured = (
        *("schema.history.internal.producer.", "schema.history.internal.consumer."),
        *("signal.consumer.s", "database.ssl."),
    )
    configured = {
        name: value
        for name, value in spec["config"].items()
        if overlay == "dev" or not name.startswith(secured) or name in file
    }
    assert configured == {
        k: v for k, v in file.items() if k not in {"connector.class", "tasks.max"}
    }
    assert spec["class"] == file["connector.class"]
    assert spec["tasksMax"] == int(file["tasks.max"])
    assert spec["autoRestart"] == {"enabled": True}


def test_alerts_equal_prometheus_except_those_of_the_supervisor() -> None:
    files = sorted((ROOT / "infra/prometheus").glob("*alerts.yml"))
    theirs = rules(*(yaml.safe_load(file.read_text()) for file in files))
    ours = rules(of_kind("production", "PrometheusRule")["people"]["spec"])
    assert {name for _, name in theirs.keys() - ours.keys()} == OF_THE_SUPERVISOR
    assert ours.keys() <= theirs.keys()
    for one, rule in ours.items():
        expected = theirs[one]["expr"]
        if one[1] == "ServiceDown":
            for absent in (*every("connector-supervisor"), "console"):
                expected = expected.replace(f'or absent(up{{job="{absent}"}})\n', "")
        assert rule | {"expr": rule["expr"].strip()} == theirs[one] | {"expr": expected.strip()}


def rules(*files: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the rules by the name of their group and their own."""
    groups = [group for file in files for group in file["groups"]]
    return {(g["name"], r.get("alert") or r["record"]): r for g in groups for r in g["rules"]}


def test_dashboards_equal_those_of_grafana() -> None:
    folder = ROOT / "infra/grafana/provisioning/dashboards"
    dashboards = of_kind("production", "ConfigMap")["dashboards"]
    assert dashboards["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert dashboards["data"] == {file.name: file.read_text() for file in folder.glob("*.json")}
