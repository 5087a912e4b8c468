"""The connector, kept configured and running in Kafka Connect."""

from functools import partial

from local_stack import health
from local_stack.addresses import HOST, SUPERVISOR
from local_stack.layout import INFRA
from local_stack.programs import Program, Site


def supervisor(site: Site, name: str = SUPERVISOR, prefix: str = "") -> Program:
    """prefix: of an aggregate beside users, what its programs' names begin with."""
    own = {
        "CONNECTOR_SUPERVISOR_CONNECTOR": f"{prefix}events",
        "CONNECTOR_SUPERVISOR_FILE": str(INFRA / "connect" / f"{prefix}events.json"),
    }
    return Program(
        name=name,
        command=[str(site.bin / SUPERVISOR)],
        after=("connect", "topics", "schema-rule", f"{prefix}migrate"),
        healthy=partial(health.get, f"{site.addresses.admin[name]}/readyz"),
        environment={
            "CONNECTOR_SUPERVISOR_HOST": HOST,
            "CONNECTOR_SUPERVISOR_ADMIN_PORT": str(site.instance.port(name, "admin")),
            "CONNECTOR_SUPERVISOR_CONNECT_URL": site.addresses.connect_url,
            "CONNECTOR_SUPERVISOR_KAFKA_BOOTSTRAP": site.addresses.kafka_bootstrap,
            "CONNECTOR_SUPERVISOR_MYSQL_HOST": site.addresses.mysql_host,
            "CONNECTOR_SUPERVISOR_MYSQL_PORT": str(site.addresses.mysql_port),
            "CONNECTOR_SUPERVISOR_MYSQL_PASSWORD": site.addresses.password("debezium"),
            **(own if prefix else {}),
        },
    )
