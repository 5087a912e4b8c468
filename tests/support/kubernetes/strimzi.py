"""What Strimzi's operator would make of its resources: infra/k8s/node/strimzi.yaml, and this."""

import json
from collections.abc import Iterator
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any

import yaml

from tests.support.kubernetes.kubectl import Kubectl
from tests.support.kubernetes.manifests import KUBERNETES, ROOT, of_kind
from tests.support.kubernetes.node import FILES, wait_for

REST = 8083


def apply(kubectl: Kubectl) -> None:
    """Apply Kafka and Connect."""
    kubectl.apply(yaml.safe_dump_all([*_maps(), _kafka_policy()]))
    kubectl.apply((FILES / "strimzi.yaml").read_text())


def create_connectors(kubectl: Kubectl) -> None:
    """Create the connectors; return when each has read MySQL."""
    with closing(HTTPConnection(kubectl.address("debezium-connect-api"), REST)) as rest:
        for name, one in of_kind("dev", "KafkaConnector").items():
            _create(rest, f"/connectors/{name}", one["spec"])


def _create(rest: HTTPConnection, path: str, spec: dict[str, Any]) -> None:
    def answer(method: str, url: str, body: Any = None) -> Any:
        rest.request(method, url, json.dumps(body), {"Content-Type": "application/json"})
        response = rest.getresponse()
        content = response.read()
        assert response.status < HTTPStatus.BAD_REQUEST, content
        return json.loads(content)

    config = {"connector.class": spec["class"], "tasks.max": str(spec["tasksMax"])}
    answer("PUT", f"{path}/config", config | spec["config"])
    wait_for(lambda: bool(answer("GET", f"{path}/offsets")["offsets"]))


def _maps() -> Iterator[dict[str, Any]]:
    files = {
        "kafka": ROOT / "infra/kafka/server.properties",
        "trim-secrets": KUBERNETES / "connect/trim-secrets.sh",
    }
    for name, file in files.items():
        data = {file.name: file.read_text()}
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def _kafka_policy() -> dict[str, Any]:
    """Return the policy that Strimzi derives from the listener's peers."""
    (listener,) = of_kind("dev", "Kafka")["people"]["spec"]["kafka"]["listeners"]
    rule = {"from": listener["networkPolicyPeers"], "ports": [{"port": listener["port"]}]}
    selector = {"matchLabels": {"strimzi.io/name": "people-kafka"}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "people-network-policy-kafka"},
        "spec": {"podSelector": selector, "policyTypes": ["Ingress"], "ingress": [rule]},
    }
