"""Settings common to all projectors."""

from typing import ClassVar

from pydantic import Field

from chassis.process.settings import ServiceSettings
from chassis.stores.kafka import KafkaSettings

MOVED_SETTINGS = {
    f"mysql_{name}": f"moved to view-verifier: VIEW_VERIFIER_MYSQL_{name.upper()}"
    for name in ("host", "port", "database", "user", "password", "ca_file")
}
"""Former setting of a projector → its new place."""


class ProjectorSettings(KafkaSettings, ServiceSettings):
    """The common part of a projector's settings."""

    MOVED: ClassVar = MOVED_SETTINGS

    registry_url: str = Field(
        "http://127.0.0.1:8081/apis/ccompat/v7",
        description="URL of the schema registry (Confluent-compatible API).",
    )
    topic: str = Field(description="Topic of the events; dead letters go to <topic>.<service>.dlq.")
