"""The connector, kept configured and running in Kafka Connect."""

from functools import partial

from local_stack import health
from local_stack.addresses import HOST, SUPERVISOR
from local_stack.programs import Program, Site


def supervisor(site: Site) -> Program:
    return Program(
        name=SUPERVISOR,
        command=[str(site.bin / SUPERVISOR)],
        after=("connect", "topics", "schema-rule", "migrate"),
        healthy=partial(health.get, f"{site.addresses.admin[SUPERVISOR]}/readyz"),
        environment={
            "CONNECTOR_SUPERVISOR_HOST": HOST,
            "CONNECTOR_SUPERVISOR_ADMIN_PORT": str(site.instance.port(SUPERVISOR, "admin")),
            "CONNECTOR_SUPERVISOR_CONNECT_URL": site.addresses.connect_url,
            "CONNECTOR_SUPERVISOR_KAFKA_BOOTSTRAP": site.addresses.kafka_bootstrap,
        },
    )
