"""Connection settings of Kafka: brokers, user, TLS."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

MECHANISM = "SCRAM-SHA-512"
RECONNECT_MAX = 1000  # ms; by default librdkafka notices a broker that has started after up to 10 s


class KafkaSettings(BaseSettings):
    """Kafka's part of a service's settings."""

    kafka_bootstrap: str = Field(
        "127.0.0.1:9092", description="Addresses of Kafka brokers, comma-separated."
    )
    kafka_tls: bool = Field(False, description="Connect to Kafka over TLS.")  # noqa: FBT003 - pydantic's way
    kafka_ca_file: Path | None = Field(
        None,
        description="CA certificates that verify the brokers' certificates; unset: the system's.",
    )
    kafka_user: str | None = Field(None, description="Kafka user (SCRAM-SHA-512, over TLS only).")
    kafka_password: SecretStr | None = Field(None, description="Password of that user.")

    @model_validator(mode="after")
    def _logs_in_over_tls(self) -> Self:
        if (self.kafka_user or self.kafka_password or self.kafka_ca_file) and not self.kafka_tls:
            raise ValueError("KAFKA_USER, KAFKA_PASSWORD and KAFKA_CA_FILE require KAFKA_TLS=true")
        if bool(self.kafka_user) != bool(self.kafka_password):
            raise ValueError("KAFKA_USER and KAFKA_PASSWORD must be set together")
        return self


@dataclass(frozen=True, slots=True)
class Brokers:
    """Broker addresses and credentials, as arguments for each client library."""

    bootstrap: str
    tls: bool = False
    ca_file: Path | None = None
    user: str | None = None
    password: SecretStr | None = None

    def aiokafka(self) -> dict[str, Any]:
        options: dict[str, Any] = {"bootstrap_servers": self.bootstrap}
        if self.tls:
            options["security_protocol"] = self._protocol
            options["ssl_context"] = ssl.create_default_context(cafile=self.ca_file)
        if self.user and self.password:
            options["sasl_mechanism"] = MECHANISM
            options["sasl_plain_username"] = self.user
            options["sasl_plain_password"] = self.password.get_secret_value()
        return options

    def librdkafka(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap,
            "log_level": 2,
            "reconnect.backoff.max.ms": RECONNECT_MAX,
        }
        if self.tls:
            options["security.protocol"] = self._protocol
            if self.ca_file:
                options["ssl.ca.location"] = str(self.ca_file)
        if self.user and self.password:
            options["sasl.mechanism"] = MECHANISM
            options["sasl.username"] = self.user
            options["sasl.password"] = self.password.get_secret_value()
        return options

    @property
    def _protocol(self) -> str:
        return "SASL_SSL" if self.user else "SSL"


def brokers(settings: KafkaSettings) -> Brokers:
    """Return the brokers of the settings."""
    return Brokers(
        settings.kafka_bootstrap,
        settings.kafka_tls,
        settings.kafka_ca_file,
        settings.kafka_user,
        settings.kafka_password,
    )
