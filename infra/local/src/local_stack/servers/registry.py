"""Apicurio Registry, which keeps its data in Kafka."""

from functools import partial

from local_stack import web_pages
from local_stack.addresses import HOST
from local_stack.programs import Program, Site
from local_stack.software import JVM_ENVIRONMENT


def program(site: Site) -> Program:
    settings = {
        "quarkus.http.host": HOST,
        "quarkus.http.port": str(site.instance.port("registry")),
        "quarkus.management.host": HOST,  # would listen on every address
        "quarkus.management.port": str(site.instance.port("registry", "management")),
        "apicurio.storage.kind": "kafkasql",
        "apicurio.kafkasql.bootstrap.servers": site.addresses.kafka_bootstrap,
        # It looks for a snapshot of its data twice for so long, 5 s unless told: ready after 6 s,
        # not 16. If it finds none it reads all of its journal, which is kept for ever.
        "apicurio.kafkasql.consumer.poll.timeout": "1000",
    }
    return Program(
        name="registry",
        command=[
            *site.software.java("256m"),
            *web_pages.agent(site, "registry"),
            "-XX:TieredStopAtLevel=1",  # 4 s of CPU until it is ready, and little to do after that
            *(f"-D{name}={value}" for name, value in settings.items()),
            *("-jar", str(site.software.registry / "quarkus-run.jar")),
        ],
        after=tuple(site.instance.nodes("kafka")),
        healthy=partial(web_pages.healthy, site.addresses.registry_health_url),
        environment=JVM_ENVIRONMENT,
    )
