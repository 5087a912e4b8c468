"""Kafka, and the Kafka Connect worker that Debezium runs in."""

import shutil
import uuid
from base64 import urlsafe_b64encode
from functools import partial
from pathlib import Path

from local_stack import first_start, health
from local_stack.addresses import HOST
from local_stack.layout import INFRA
from local_stack.programs import Program, Site
from local_stack.software import JVM_ENVIRONMENT

LOGGING = f"-Dlog4j2.configurationFile={INFRA / 'kafka' / 'log4j2.properties'}"


def broker(site: Site) -> Program:
    address = site.addresses.kafka_bootstrap
    controller = f"{HOST}:{site.instance.port('kafka', 'controller')}"
    data = site.instance.folder("data") / "kafka"
    config = first_start.properties(
        site.instance.folder("conf") / "kafka.properties",
        INFRA / "kafka" / "server.properties",
        {
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"PLAINTEXT://{address},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{address}",
            "log.dirs": str(data),
        },
    )
    return Program(
        name="kafka",
        command=[*java(site, "512m"), *exporter(site, "kafka"), "kafka.Kafka", str(config)],
        after=(),
        healthy=partial(health.kafka, site.addresses),
        environment=JVM_ENVIRONMENT,
        prepare=partial(format_storage, site, config, data),
        stop_within=30,
    )


def format_storage(site: Site, config: Path, data: Path) -> None:
    """A data folder with a cluster id of its own."""
    if (data / "formatted").exists():
        return
    shutil.rmtree(data, ignore_errors=True)
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    # With "=": one id in 64 begins with a hyphen.
    tool = ("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "--config", str(config))
    first_start.run(
        [*java(site, "128m"), *tool],
        "the formatting of Kafka's data folder",
        site.instance.log("kafka-format"),
    )
    (data / "formatted").touch()


def connect(site: Site) -> Program:
    port = site.instance.port("connect")
    config = first_start.properties(
        site.instance.folder("conf") / "connect.properties",
        INFRA / "connect" / "worker.properties",
        {
            "bootstrap.servers": site.addresses.kafka_bootstrap,
            "listeners": f"http://{HOST}:{port}",
            "rest.advertised.host.name": HOST,
            "rest.advertised.port": str(port),
            "plugin.path": f"{site.software.debezium},{site.software.avro_converter}",
        },
    )
    main = "org.apache.kafka.connect.cli.ConnectDistributed"
    return Program(
        name="connect",
        command=[*java(site, "384m"), *exporter(site, "connect"), main, str(config)],
        after=("kafka",),
        healthy=partial(health.get, f"{site.addresses.connect_url}/connectors"),
        environment=JVM_ENVIRONMENT | connector_environment(site),
    )


def connector_environment(site: Site) -> dict[str, str]:
    """What infra/connect/user-events.json refers to as ${env:…}."""
    return {
        "MYSQL_HOST": site.addresses.mysql_host,
        "MYSQL_PORT": str(site.addresses.mysql_port),
        "DEBEZIUM_PASSWORD": site.addresses.password("debezium"),
        "KAFKA_BOOTSTRAP": site.addresses.kafka_bootstrap,
        "REGISTRY_URL": site.addresses.registry_own_url,
    }


def exporter(site: Site, program: str) -> list[str]:
    """A Java agent that tells the program's JMX beans to Prometheus."""
    (agent,) = site.software.jmx_exporter.glob("*.jar")
    address = f"{HOST}:{site.instance.port(program, 'metrics')}"
    return [f"-javaagent:{agent}={address}:{INFRA / program / 'jmx-exporter.yaml'}"]


def java(site: Site, heap: str) -> list[str]:
    return [*site.software.java(heap), LOGGING, "-cp", f"{site.software.kafka}/*"]
