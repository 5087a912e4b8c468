"""Kafka, and the Kafka Connect worker that Debezium runs in."""

import shutil
import uuid
from base64 import urlsafe_b64encode
from functools import partial
from pathlib import Path

from local_stack import bootstrap, health, web_pages
from local_stack.addresses import HOST
from local_stack.layout import INFRA
from local_stack.programs import Context, Program
from local_stack.software import JVM_ENVIRONMENT

# Three brokers: every record has three replicas, and two must acknowledge it.
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


def brokers(context: Context) -> list[Program]:
    cluster = cluster_id(context)
    return [broker(context, name, cluster) for name in context.instance.nodes("kafka")]


def broker(context: Context, name: str, cluster: str) -> Program:
    """Return a broker that is also a controller; its address is its place in kafka_bootstrap."""
    number = context.instance.nodes("kafka").index(name)
    address = context.addresses.kafka_bootstrap.split(",")[number]
    data = context.instance.folder("data") / name
    config = bootstrap.properties(
        context.instance.folder("conf") / f"{name}.properties",
        INFRA / "kafka" / "server.properties",
        {
            "node.id": str(number + 1),
            "controller.quorum.voters": voters(context),
            "listeners": f"PLAINTEXT://{address},CONTROLLER://{controller(context, name)}",
            "advertised.listeners": f"PLAINTEXT://{address}",
            "log.dirs": str(data),
        }
        | (REPLICATED if context.instance.form.brokers > 1 else {}),
    )
    return Program(
        name=name,
        command=[
            *java(context, "512m"),
            *exporter(context, "kafka", name),
            "kafka.Kafka",
            str(config),
        ],
        after=(),
        healthy=partial(health.kafka, address),
        environment=JVM_ENVIRONMENT,
        prepare=partial(format_storage, context, config, data, cluster),
        stop_within=30,
    )


def controller(context: Context, name: str) -> str:
    return f"{HOST}:{context.instance.port(name, 'controller')}"


def voters(context: Context) -> str:
    names = enumerate(context.instance.nodes("kafka"), start=1)
    return ",".join(f"{number}@{controller(context, name)}" for number, name in names)


def cluster_id(context: Context) -> str:
    """Return the cluster's id, created at the first start."""
    file = context.instance.folder("conf") / "kafka-cluster-id"
    if not file.exists():
        file.write_text(urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="))
    return file.read_text()


def format_storage(context: Context, config: Path, data: Path, cluster: str) -> None:
    """Format a data folder of the cluster."""
    if (data / "formatted").exists():
        return
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700)
    # With "=": one id in 64 begins with a hyphen.
    tool = ("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "--config", str(config))
    bootstrap.run(
        [*java(context, "128m"), *tool],
        "the formatting of Kafka's data folder",
        context.instance.log(f"{data.name}-format"),
    )
    (data / "formatted").touch()


def connect(context: Context) -> Program:
    port = context.instance.port("connect")
    config = bootstrap.properties(
        context.instance.folder("conf") / "connect.properties",
        INFRA / "connect" / "worker.properties",
        {
            "bootstrap.servers": context.addresses.kafka_bootstrap,
            "listeners": f"http://{HOST}:{port}",
            "rest.advertised.host.name": HOST,
            "rest.advertised.port": str(port),
            "plugin.path": f"{context.software.debezium},{context.software.avro_converter}",
            **{
                f"{what}.storage.replication.factor": str(context.instance.form.brokers)
                for what in ("config", "offset", "status")
            },
        },
    )
    main = "org.apache.kafka.connect.cli.ConnectDistributed"
    return Program(
        name="connect",
        command=[
            *java(context, "384m"),
            *exporter(context, "connect", "connect"),
            *web_pages.agent(context, "connect"),
            *(main, str(config)),
        ],
        after=tuple(context.instance.nodes("kafka")),
        healthy=partial(web_pages.healthy, f"{context.addresses.connect_url}/connectors"),
        environment=JVM_ENVIRONMENT | connector_environment(context),
    )


def connector_environment(context: Context) -> dict[str, str]:
    """Return the variables that infra/connect/user-events.json refers to as ${env:…}."""
    return {
        "MYSQL_HOST": context.addresses.mysql_host,
        "MYSQL_PORT": str(context.addresses.mysql_port),
        "DEBEZIUM_PASSWORD": context.addresses.password("debezium"),
        "KAFKA_BOOTSTRAP": context.addresses.kafka_bootstrap,
        "REGISTRY_URL": context.addresses.registry_own_url,
    }


def exporter(context: Context, what: str, program: str) -> list[str]:
    """Return the Java agent that exports the program's JMX beans to Prometheus."""
    (agent,) = context.software.jmx_exporter.glob("*.jar")
    address = f"{HOST}:{context.instance.port(program, 'metrics')}"
    return [f"-javaagent:{agent}={address}:{INFRA / what / 'jmx-exporter.yaml'}"]


def java(context: Context, heap: str) -> list[str]:
    return [*context.software.java(heap), LOGGING, "-cp", f"{context.software.kafka}/*"]
