"""The registry, started before Kafka: what infra/k8s does about it, with the real server."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from chassis.testing import eventually
from local_stack import stack as local_stack
from local_stack.addresses import Addresses
from local_stack.layout import INFRA
from tests.chaos.harness.proxy import Link
from tests.support.stack.background import process

pytestmark = pytest.mark.integration
PATIENCE = 3  # seconds that the registry waits for Kafka, instead of 60
DOCUMENTS = yaml.safe_load_all((INFRA / "k8s/base/registry.yaml").read_text())
(POD,) = (one["spec"]["template"]["spec"] for one in DOCUMENTS if one["kind"] == "Deployment")
LIVE: str = POD["containers"][0]["livenessProbe"]["httpGet"]["path"]
READY: str = POD["containers"][0]["readinessProbe"]["httpGet"]["path"]


def registry(kafka: int, http: int, admin: int) -> list[str]:
    """Return the command of a registry that reaches Kafka at this port."""
    software = local_stack.fetch()
    settings = {
        "quarkus.http.host": "127.0.0.1",
        "quarkus.http.port": http,
        "quarkus.management.host": "127.0.0.1",
        "quarkus.management.port": admin,
        "apicurio.storage.kind": "kafkasql",
        "apicurio.kafkasql.bootstrap.servers": f"127.0.0.1:{kafka}",
        "apicurio.kafkasql.consumer.poll.timeout": 1000,
        "apicurio.kafka.common.default.api.timeout.ms": PATIENCE * 1000,
        "apicurio.kafka.common.request.timeout.ms": PATIENCE * 1000,
    }
    options = [f"-D{name}={value}" for name, value in settings.items()]
    return [*software.java("256m"), *options, "-jar", str(software.registry / "quarkus-run.jar")]


def after_init(command: list[str]) -> list[str]:
    """Return the command, run after the pod's init container."""
    (init,) = POD["initContainers"]
    bash, option, script = init["command"]
    return [bash, option, f'{script}; exec "$@"', "registry", *command]


async def health(admin: int, path: str) -> int:
    async with aiohttp.ClientSession() as session:
        try:
            async with session.get(f"http://127.0.0.1:{admin}{path}") as response:
                return response.status
        except aiohttp.ClientConnectionError as error:
            raise AssertionError from error


async def is_healthy(admin: int, path: str) -> None:
    assert await health(admin, path) == 200


@pytest.fixture
def link(stack: Addresses, unused_ports: list[int]) -> Link:
    """Return a way to Kafka that is closed at first."""
    host, _, port = stack.kafka_bootstrap.partition(":")
    return Link(unused_ports[0], (host, int(port)))


async def test_registry_of_kubernetes_is_ready_although_kafka_starts_after_its_patience(
    link: Link, unused_ports: list[int], tmp_path: Path
) -> None:
    kafka, http, admin, _ = unused_ports
    command = after_init(registry(kafka, http, admin))
    with process(tmp_path / "log", command, {"KAFKA": f"127.0.0.1:{kafka}"}):
        await asyncio.sleep(PATIENCE + 20)  # it takes some seconds before it calls Kafka
        async with link.open():
            await eventually(lambda: is_healthy(admin, READY), within=90)
            await is_healthy(admin, LIVE)


async def test_registry_that_gave_up_waiting_for_kafka_is_restarted(
    unused_ports: list[int], tmp_path: Path
) -> None:
    kafka, http, admin, _ = unused_ports
    with process(tmp_path / "log", registry(kafka, http, admin)) as running:

        async def is_restarted() -> None:
            """Check what Kubernetes restarts: a container that ended, or failed this probe."""
            assert running.poll() is not None or await health(admin, LIVE) == 503

        await eventually(is_restarted, within=90)


def test_init_container_and_registry_reach_the_same_kafka() -> None:
    production: dict[str, Any] = next(
        yaml.safe_load_all((INFRA / "k8s/overlays/production/registry.yaml").read_text())
    )
    for pod in (POD, production["spec"]["template"]["spec"]):
        (init,), (main,) = pod["initContainers"], pod["containers"]
        (waited_for,) = (one["value"] for one in init["env"])
        used = {one["name"]: one.get("value") for one in main["env"]}
        assert used["APICURIO_KAFKASQL_BOOTSTRAP_SERVERS"] == waited_for
    assert POD["initContainers"][0]["image"] == POD["containers"][0]["image"]
