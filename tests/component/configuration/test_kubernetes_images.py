"""Images of infra/k8s: the versions, commands and memory limits of compose."""

import re

import pytest

from tests.support.kubernetes.manifests import (
    COMPOSE,
    KUBERNETES,
    OVERLAYS,
    ROOT,
    container,
    of_kind,
    workloads,
)
from tests.support.stack.programs import every

NOT_HERE = {*every("connector-supervisor"), "proxy", "observability"}
PROGRAMS = [n for n, service in COMPOSE.items() if "build" in service and n not in NOT_HERE]
VERSION = (ROOT / "VERSION").read_text().strip()
SERVERS = ("mysql", "redis", "opensearch", "registry")


@pytest.mark.parametrize(("overlay", "name"), [(o, n) for o in OVERLAYS for n in PROGRAMS])
def test_image_command_and_memory_equal_compose(overlay: str, name: str) -> None:
    only, service = container(workloads(overlay)[name]), COMPOSE[name]
    image, _, tag = only["image"].partition(":")
    assert image == service["image"]
    assert tag == {"dev": "", "production": VERSION}[overlay]
    args = [arg for arg in only.get("args", []) if not arg.startswith("--wait=")]
    assert args == service.get("command", [])
    has_processes = any(v.endswith("_PROCESSES") for v in service.get("environment", {}))
    one_process = "256m" if has_processes else service["mem_limit"]
    assert only["resources"]["limits"]["memory"] == one_process.upper() + "i"


@pytest.mark.parametrize("name", SERVERS)
def test_development_servers_equal_compose(name: str) -> None:
    only = container(of_kind("dev", "StatefulSet", "Deployment")[name])
    assert only["image"] == COMPOSE[name]["image"]
    memory = only["resources"]["limits"]["memory"].removesuffix("i").lower()
    assert memory == COMPOSE[name]["mem_limit"]


def test_production_servers_have_the_versions_of_compose() -> None:
    mysql = of_kind("production", "InnoDBCluster")["mysql"]["spec"]
    opensearch = of_kind("production", "OpenSearchCluster")["opensearch"]["spec"]
    assert f"mysql:{mysql['version']}" == COMPOSE["mysql"]["image"]
    version = opensearch["general"]["version"]
    assert f"opensearchproject/opensearch:{version}" == COMPOSE["opensearch"]["image"]
    registry = container(of_kind("production", "Deployment")["registry"])
    assert registry["image"] == COMPOSE["registry"]["image"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kafka_and_connect_have_the_versions_of_compose(overlay: str) -> None:
    kafka = of_kind(overlay, "Kafka")["people"]["spec"]["kafka"]["version"]
    connect = of_kind(overlay, "KafkaConnect")["debezium"]["spec"]
    assert f"apache/kafka:{kafka}" == COMPOSE["kafka"]["image"]
    assert connect["version"] == kafka
    dockerfile = (KUBERNETES / "connect/Dockerfile").read_text()
    assert f"FROM {COMPOSE['connect']['image']} AS debezium" in dockerfile
    assert re.search(rf"FROM \S+-kafka-{kafka}$", dockerfile, re.MULTILINE)
    tag = {"dev": "dev", "production": VERSION}[overlay]
    assert connect["image"] == f"people/connect:{tag}"
