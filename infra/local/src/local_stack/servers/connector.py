"""The supervisor that keeps the connector in Kafka Connect configured and running."""

from functools import partial

from local_stack import health
from local_stack.addresses import HOST, SUPERVISOR
from local_stack.layout import INFRA
from local_stack.programs import Context, Program


def supervisor(context: Context, name: str = SUPERVISOR, prefix: str = "") -> Program:
    """prefix: prefix of program names, for an aggregate beside users."""
    own = {
        "CONNECTOR_SUPERVISOR_CONNECTOR": f"{prefix}events",
        "CONNECTOR_SUPERVISOR_FILE": str(INFRA / "connect" / f"{prefix}events.json"),
    }
    return Program(
        name=name,
        command=[str(context.bin / SUPERVISOR)],
        after=("connect", "topics", "schema-rule", f"{prefix}migrate"),
        healthy=partial(health.get, f"{context.addresses.admin[name]}/readyz"),
        environment={
            "CONNECTOR_SUPERVISOR_HOST": HOST,
            "CONNECTOR_SUPERVISOR_ADMIN_PORT": str(context.instance.port(name, "admin")),
            "CONNECTOR_SUPERVISOR_CONNECT_URL": context.addresses.connect_url,
            "CONNECTOR_SUPERVISOR_KAFKA_BOOTSTRAP": context.addresses.kafka_bootstrap,
            "CONNECTOR_SUPERVISOR_MYSQL_HOST": context.addresses.mysql_host,
            "CONNECTOR_SUPERVISOR_MYSQL_PORT": str(context.addresses.mysql_port),
            "CONNECTOR_SUPERVISOR_MYSQL_PASSWORD": context.addresses.password("debezium"),
            **(own if prefix else {}),
        },
    )
