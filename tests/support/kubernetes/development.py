"""overlays/dev on the node, with pods in the place of what Strimzi would run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from local_stack.addresses import APIS, Addresses
from local_stack.layout import PORTS
from tests.support.kubernetes import control_plane, images, node, strimzi
from tests.support.kubernetes.kubectl import Kubectl
from tests.support.kubernetes.manifests import ROOT
from tests.support.kubernetes.node import FILES, Node

NAMESPACE = "people-dev"
RUNS_WITHIN = 400  # seconds, from empty volumes
KAFKA = "10.96.0.92"  # as in strimzi.yaml
VOLUMES = {
    "data-mysql-0": "5Gi",
    "data-opensearch-0": "5Gi",
    "data-redis-0": "1Gi",
    "ledger-erasure-ledger-0": "1Gi",
    "data-people-brokers-0": "10Gi",
}


@contextmanager
def running(folder: Path) -> Iterator[Addresses]:
    """Run the overlay on a node of its own; the caller is in the node's network."""
    with node.running(folder) as here:
        images.give(here)
        kubectl = Kubectl(here.kubectl.kubeconfig, NAMESPACE)
        apply(kubectl, here)
        wait(kubectl)
        yield addresses(kubectl)


def apply(kubectl: Kubectl, here: Node) -> None:
    """Apply everything; Kubernetes then starts it in whatever order."""
    kubectl.apply(control_plane.definitions())
    here.kubectl.apply((FILES / "dns.yaml").read_text())
    kubectl.apply(yaml.safe_dump_all(volume(here.folder, *one) for one in VOLUMES.items()))
    done = kubectl.overlay("apply", "dev")
    assert done.returncode == 0, done.stderr
    strimzi.apply(kubectl)


def wait(kubectl: Kubectl) -> None:
    """Return when every job is done, and every other pod ready."""
    timeout = f"--timeout={RUNS_WITHIN}s"
    kubectl("wait", "job", "--all", "--for=condition=Complete", timeout)
    kubectl("wait", "pod", "--selector=!job-name", "--for=condition=Ready", timeout)
    strimzi.create_connectors(kubectl)


def volume(folder: Path, claim: str, size: str) -> dict[str, Any]:
    """Return a volume for a claim; of the kind `local`, since `hostPath` ignores fsGroup."""
    path = folder / "volumes" / claim
    path.mkdir()
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": ["node"]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": claim},
        "spec": {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteOnce"],
            "claimRef": {"namespace": NAMESPACE, "name": claim},
            "local": {"path": str(path)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
    }


def addresses(kubectl: Kubectl) -> Addresses:
    """Return the addresses of the Services."""
    opensearch, redis = kubectl.address("opensearch"), kubectl.address("redis")
    registry = f"http://{kubectl.address('registry')}:8080/apis"
    operator = "redis_operator:development-only-redis_operator"
    at = {api: kubectl.address(api) for api in APIS}
    return Addresses(
        instance="kubernetes",
        port_offset=0,
        home=str(kubectl.kubeconfig.parent),
        secrets=str(ROOT / "infra" / "development-secrets"),
        mysql_host=kubectl.address("mysql"),
        mysql_port=3306,
        mysql_database="users",
        redis_url=f"redis://{operator}@{redis}:6379/0",
        opensearch_url=f"http://{opensearch}:9200",
        kafka_bootstrap=f"{KAFKA}:9092",
        registry_url=f"{registry}/ccompat/v7",
        registry_own_url=f"{registry}/registry/v2",
        registry_health_url="",
        connect_url=f"http://{kubectl.address('debezium-connect-api')}:8083",
        prometheus_url="",
        console_url="",
        http={api: f"http://{at[api]}:{PORTS[api]['http']}" for api in APIS},
        grpc={api: f"{at[api]}:{PORTS[api]['grpc']}" for api in APIS},
        admin={},
        redis_nodes=(f"redis://{redis}:6379/0",),
        opensearch_nodes=(f"http://{opensearch}:9200",),
    )
