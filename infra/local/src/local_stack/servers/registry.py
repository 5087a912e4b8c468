"""Apicurio Registry, which stores its data in Kafka."""

from functools import partial

from local_stack import web_pages
from local_stack.addresses import HOST
from local_stack.programs import Context, Program
from local_stack.software import JVM_ENVIRONMENT


def program(context: Context) -> Program:
    settings = {
        "quarkus.http.host": HOST,
        "quarkus.http.port": str(context.instance.port("registry")),
        "quarkus.management.host": HOST,  # default: every address
        "quarkus.management.port": str(context.instance.port("registry", "management")),
        "apicurio.storage.kind": "kafkasql",
        "apicurio.kafkasql.bootstrap.servers": context.addresses.kafka_bootstrap,
        # It polls for a snapshot of its data twice for this time (default 5 s): ready after 6 s
        # instead of 16. Without a snapshot it reads its whole journal, which is kept for ever.
        "apicurio.kafkasql.consumer.poll.timeout": "1000",
    }
    return Program(
        name="registry",
        command=[
            *context.software.java("256m"),
            *web_pages.agent(context, "registry"),
            "-XX:TieredStopAtLevel=1",  # 4 s of CPU until it is ready, and little load after that
            *(f"-D{name}={value}" for name, value in settings.items()),
            *("-jar", str(context.software.registry / "quarkus-run.jar")),
        ],
        after=tuple(context.instance.nodes("kafka")),
        healthy=partial(web_pages.healthy, context.addresses.registry_health_url),
        environment=JVM_ENVIRONMENT,
    )
