"""Registry, Connect and connector configured as in infra/k8s/overlays/production, locally."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from chassis.testing import eventually
from local_stack import bootstrap
from local_stack import stack as local_stack
from local_stack.layout import INFRA
from tests.support.kubernetes.production import Cluster, documents
from tests.support.stack.background import process
from tests.support.stack.free_ports import unused
from tests.support.stores import kafka_over_tls
from tests.support.stores.mysql_over_tls import PASSWORD, Server


async def answers(url: str) -> None:
    """Return when it answers; raise AssertionError."""
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            assert response.status == 200
    except (TimeoutError, aiohttp.ClientError) as error:
        raise AssertionError from error


@asynccontextmanager
async def registry(kafka: Cluster) -> AsyncIterator[str]:
    """Run a registry; return its address."""
    spec = documents("overlays/production/registry.yaml", "Deployment")["registry"]
    (container,) = spec["template"]["spec"]["containers"]
    here = {
        "people-kafka-bootstrap:9093": kafka.bootstrap,
        "/run/secrets/kafka-ca.crt": str(kafka.ca),
        None: kafka_over_tls.login("kafka-registry"),
    }
    configured = {one["name"]: one.get("value") for one in container["env"]}
    environment = {name: here.get(value, value) for name, value in configured.items()}
    port, management = unused(2)
    settings = {
        "quarkus.http.host": "127.0.0.1",
        "quarkus.http.port": str(port),
        "quarkus.management.host": "127.0.0.1",
        "quarkus.management.port": str(management),
        "apicurio.storage.kind": "kafkasql",
        "apicurio.kafkasql.consumer.poll.timeout": "1000",
    }
    software = local_stack.fetch()
    command = [*software.java("256m"), *(f"-D{name}={value}" for name, value in settings.items())]
    command += ["-jar", str(software.registry / "quarkus-run.jar")]
    url = f"http://127.0.0.1:{port}"
    with process(kafka.folder / "registry.log", command, environment):
        await eventually(lambda: answers(f"{url}/apis/ccompat/v7/subjects"), within=90)
        yield url


@asynccontextmanager
async def connect(
    kafka: Cluster, mysql: Server, registry_url: str, truststore: Path
) -> AsyncIterator[tuple[str, dict[str, str]]]:
    """Run a worker; return its address, and the variables for its connector."""
    spec: dict[str, Any] = {}
    for file in ("base", "overlays/production"):
        spec |= documents(f"{file}/connect.yaml", "KafkaConnect")["debezium"]["config"]
    port = unused(1)[0]
    software = local_stack.fetch()
    secured = {
        f"{client}{name}": value
        for client in ("", "producer.", "consumer.", "admin.")  # as Strimzi configures each
        for name, value in kafka.java("kafka-connect").items()
    }
    copies = {f"{what}.storage.replication.factor": "1" for what in ("config", "offset", "status")}
    config = bootstrap.properties(
        kafka.folder / "connect.properties",
        INFRA / "connect" / "worker.properties",
        {name: str(value) for name, value in spec.items()}
        | copies
        | secured
        | {
            "bootstrap.servers": kafka.bootstrap,
            "listeners": f"http://127.0.0.1:{port}",
            "plugin.path": f"{software.debezium},{software.avro_converter}",
        },
    )
    environment = {
        "MYSQL_HOST": mysql.host,
        "MYSQL_PORT": str(mysql.port),
        "DEBEZIUM_PASSWORD": PASSWORD,
        "KAFKA_BOOTSTRAP": kafka.bootstrap,
        "REGISTRY_URL": f"{registry_url}/apis/registry/v2",
        "KAFKA_LOGIN": kafka_over_tls.login("kafka-connect"),
        "MYSQL_TRUSTSTORE_PASSWORD": PASSWORD,
    }
    command = [*software.java("384m"), kafka_over_tls.LOGGING, "-cp", f"{software.kafka}/*"]
    command += ["org.apache.kafka.connect.cli.ConnectDistributed", str(config)]
    url = f"http://127.0.0.1:{port}"
    with process(kafka.folder / "connect.log", command, environment):
        await eventually(lambda: answers(f"{url}/connectors"), within=90)
        yield url, connector(kafka, truststore)


def connector(kafka: Cluster, truststore: Path) -> dict[str, str]:
    """Return production's configuration of user-events, with this machine's files."""
    resource: dict[str, Any] = documents("base/connectors.yaml", "KafkaConnector")["user-events"]
    (patch,) = documents("overlays/production/connectors.yaml", "KafkaConnector").values()
    here = {
        "/mnt/kafka-ca/ca.crt": str(kafka.ca),
        "/mnt/mysql-ca/truststore.p12": str(truststore),
    }
    config = resource["config"] | patch["config"]
    return {
        "connector.class": resource["class"],
        "tasks.max": str(resource["tasksMax"]),
        **{name: here.get(value, str(value)) for name, value in config.items()},
    }
