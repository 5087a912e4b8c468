"""The process of a projector, from its spec."""

from chassis.process.admin_server import AdminServer
from chassis.process.health import Health
from chassis.process.lifecycle import Process
from chassis.process.settings import ServiceSettings
from projections.directives import DirectivePoller
from projections.kafka.consumer import KafkaConsumer
from projections.kafka.dead_letter_monitor import DeadLetterMonitor
from projections.spec import ProjectorSpec


def process(spec: ProjectorSpec, store: str, settings: ServiceSettings) -> Process:
    """Consume the topic, follow the operator's directives, and count dead letters.

    store: the name of the store's readiness check.
    """
    directives = DirectivePoller(spec.generations)
    health = Health({store: spec.ping})
    admin = AdminServer(health, settings.host, settings.admin_port, settings.limits)
    consumer = KafkaConsumer(spec, directives.directives)  # must be stopped: after what may fail
    health.add("projection", consumer.ready)
    monitor = DeadLetterMonitor(spec.brokers, spec.letters)
    return Process([admin, monitor, directives, consumer], health)
