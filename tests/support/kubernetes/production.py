"""A Kafka with the users and ACLs of infra/k8s/overlays/production."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its own re-exports are implicit
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from chassis.stores.kafka import brokers
from chassis.testing import eventually
from local_stack.layout import INFRA
from tests.support.stores import kafka_over_tls

KUBERNETES = INFRA / "k8s"
AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": f"User:{kafka_over_tls.ADMIN};User:ANONYMOUS",  # the controller's listener
}
KINDS = {"cluster": ResourceType.BROKER, "transactionalId": ResourceType.TRANSACTIONAL_ID}
PATTERNS = {"prefix": ResourcePatternType.PREFIXED, "literal": ResourcePatternType.LITERAL}


def documents(file: str, kind: str) -> dict[str, dict[str, Any]]:
    """Return name → spec of the resources of a kind in a file."""
    found = yaml.safe_load_all((KUBERNETES / file).read_text())
    return {one["metadata"]["name"]: one["spec"] for one in found if one["kind"] == kind}


def rights() -> dict[str, list[dict[str, Any]]]:
    """Return the ACLs of each Kafka user."""
    users = documents("overlays/production/kafka-users.yaml", "KafkaUser")
    return {name: spec["authorization"]["acls"] for name, spec in users.items()}


@dataclass(frozen=True)
class Cluster:
    """A Kafka with production's users and ACLs."""

    bootstrap: str
    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def environment(self, prefix: str, user: str) -> dict[str, str]:
        """Return the environment variables of one of our programs that connects to it."""
        settings = {"BOOTSTRAP": self.bootstrap, "TLS": "true", "CA_FILE": str(self.ca)}
        settings |= {"USER": user, "PASSWORD": kafka_over_tls.PASSWORD}
        return {f"{prefix}_KAFKA_{name}": value for name, value in settings.items()}

    def java(self, user: str) -> dict[str, str]:
        """Return the properties of a Java client."""
        return {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.jaas.config": kafka_over_tls.login(user),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.ca),
        }


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[Cluster]:
    users = [kafka_over_tls.ADMIN, *rights()]
    with kafka_over_tls.running(folder, users, AUTHORIZER) as bootstrap:
        settings = kafka_over_tls.settings(bootstrap, folder)
        admin = AdminClient(brokers(settings).librdkafka())

        async def granted() -> None:
            try:
                for future in admin.create_acls(bindings(), request_timeout=5).values():
                    future.result(10)
            except Exception as error:
                raise AssertionError from error

        await eventually(granted, within=90)
        yield Cluster(bootstrap, folder)


def bindings() -> list[AclBinding]:
    return [
        AclBinding(
            KINDS.get(acl["resource"]["type"]) or ResourceType[acl["resource"]["type"].upper()],
            acl["resource"].get("name", "kafka-cluster"),
            PATTERNS[acl["resource"].get("patternType", "literal")],
            f"User:{user}",
            "*",
            AclOperation[words(operation)],
            AclPermissionType.ALLOW,
        )
        for user, acls in rights().items()
        for acl in acls
        for operation in acl["operations"]
    ]


def words(operation: str) -> str:
    """Convert DescribeConfigs to DESCRIBE_CONFIGS."""
    return "".join(f"_{c}" if c.isupper() else c for c in operation).lstrip("_").upper()
