"""Kafka, and the Kafka Connect worker that Debezium runs in."""

import shutil
import uuid
from base64 import urlsafe_b64encode
from functools import partial
from pathlib import Path

from local_stack import first_start, health, web_pages
from local_stack.addresses import HOST
from local_stack.layout import INFRA
from local_stack.programs import Program, Site
from local_stack.software import JVM_ENVIRONMENT

# Three brokers: every record is on all three, and two must have it before it counts.
REPLICATED = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
}
LOGGING = f"-Dlog4j2.configurationFile={INFRA / 'kafka' / 'log4j2.properties'}"


def brokers(site: Site) -> list[Program]:
    cluster = cluster_id(site)
    return [broker(site, name, cluster) for name in site.instance.nodes("kafka")]


def broker(site: Site, name: str, cluster: str) -> Program:
    """A broker that is a controller, too; its address is its place in kafka_bootstrap."""
    number = site.instance.nodes("kafka").index(name)
    address = site.addresses.kafka_bootstrap.split(",")[number]
    data = site.instance.folder("data") / name
    config = first_start.properties(
        site.instance.folder("conf") / f"{name}.properties",
        INFRA / "kafka" / "server.properties",
        {
            "node.id": str(number + 1),
            "controller.quorum.voters": voters(site),
            "listeners": f"PLAINTEXT://{address},CONTROLLER://{controller(site, name)}",
            "advertised.listeners": f"PLAINTEXT://{address}",
            "log.dirs": str(data),
        }
        | (REPLICATED if site.instance.form.brokers > 1 else {}),
    )
    return Program(
        name=name,
        command=[*java(site, "512m"), *exporter(site, "kafka", name), "kafka.Kafka", str(config)],
        after=(),
        healthy=partial(health.kafka, address),
        environment=JVM_ENVIRONMENT,
        prepare=partial(format_storage, site, config, data, cluster),
        stop_within=30,
    )


def controller(site: Site, name: str) -> str:
    return f"{HOST}:{site.instance.port(name, 'controller')}"


def voters(site: Site) -> str:
    names = enumerate(site.instance.nodes("kafka"), start=1)
    return ",".join(f"{number}@{controller(site, name)}" for number, name in names)


def cluster_id(site: Site) -> str:
    """The cluster's own, made at the first start."""
    file = site.instance.folder("conf") / "kafka-cluster-id"
    if not file.exists():
        file.write_text(urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="))
    return file.read_text()


def format_storage(site: Site, config: Path, data: Path, cluster: str) -> None:
    """A data folder of the cluster."""
    if (data / "formatted").exists():
        return
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700)
    # With "=": one id in 64 begins with a hyphen.
    tool = ("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "--config", str(config))
    first_start.run(
        [*java(site, "128m"), *tool],
        "the formatting of Kafka's data folder",
        site.instance.log(f"{data.name}-format"),
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
            **{
                f"{what}.storage.replication.factor": str(site.instance.form.brokers)
                for what in ("config", "offset", "status")
            },
        },
    )
    main = "org.apache.kafka.connect.cli.ConnectDistributed"
    return Program(
        name="connect",
        command=[
            *java(site, "384m"),
            *exporter(site, "connect", "connect"),
            *web_pages.agent(site, "connect"),
            *(main, str(config)),
        ],
        after=tuple(site.instance.nodes("kafka")),
        healthy=partial(web_pages.healthy, f"{site.addresses.connect_url}/connectors"),
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


def exporter(site: Site, what: str, program: str) -> list[str]:
    """A Java agent that tells the program's JMX beans to Prometheus."""
    (agent,) = site.software.jmx_exporter.glob("*.jar")
    address = f"{HOST}:{site.instance.port(program, 'metrics')}"
    return [f"-javaagent:{agent}={address}:{INFRA / what / 'jmx-exporter.yaml'}"]


def java(site: Site, heap: str) -> list[str]:
    return [*site.software.java(heap), LOGGING, "-cp", f"{site.software.kafka}/*"]
