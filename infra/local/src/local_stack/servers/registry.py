"""Apicurio Registry, which keeps its data in Kafka."""

from functools import partial

from local_stack import web_pages
from local_stack.addresses import HOST
from local_stack.programs import Context, Program
from local_stack.software import JVM_ENVIRONMENT


def program(context: Context) -> Program:
    settings = {
        "quarkus.http.host": HOST,
        "quarkus.http.port": str(context.instance.port("registry")),
        "quarkus.management.host": HOST,  # would listen on every address
        "quarkus.management.port": str(context.instance.port("registry", "management")),
        "apicurio.storage.kind": "kafkasql",
        "apicurio.kafkasql.bootstrap.servers": context.addresses.kafka_bootstrap,
        # It looks for a snapshot of its data twice for so long, 5 s unless told: ready after 6 s,
        # not 16. If it finds none it reads all of its journal, which is kept for ever.
        "apicurio.kafkasql.consumer.poll.timeout": "1000",
    }
    return Program(
        name="registry",
        command=[
            *context.software.java("256m"),
            *web_pages.agent(context, "registry"),
            "-XX:TieredStopAtLevel=1",  # 4 s of CPU until it is ready, and little to do after that
            *(f"-D{name}={value}" for name, value in settings.items()),
            *("-jar", str(context.software.registry / "quarkus-run.jar")),
        ],
        after=tuple(context.instance.nodes("kafka")),
        healthy=partial(web_pages.healthy, context.addresses.registry_health_url),
        environment=JVM_ENVIRONMENT,
    )
