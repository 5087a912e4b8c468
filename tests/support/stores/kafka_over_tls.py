"""A test's own Kafka, with TLS and password login only."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import SecretStr

from chassis.stores.kafka import KafkaSettings
from local_stack import stack as local_stack
from local_stack.layout import INFRA
from tests.support.stack.background import process
from tests.support.stack.free_ports import unused

HOST = "127.0.0.1"
CLUSTER = "aaaaaaaaaaaaaaaaaaaaaA"
PASSWORD = "secret"
ADMIN = "ann"
MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule required"
LOGGING = f"-Dlog4j2.configurationFile={INFRA / 'kafka' / 'log4j2.properties'}"


def login(user: str) -> str:
    """Return the login of Java clients (`sasl.jaas.config`)."""
    return f'{MODULE} username="{user}" password="{PASSWORD}";'


def settings(bootstrap: str, folder: Path, user: str = ADMIN) -> KafkaSettings:
    return KafkaSettings(
        kafka_bootstrap=bootstrap,
        kafka_tls=True,
        kafka_ca_file=folder / "ca.pem",
        kafka_user=user,
        kafka_password=SecretStr(PASSWORD),
    )


@contextmanager
def running(
    folder: Path, users: Sequence[str] = (ADMIN,), more: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run it; return its address. CA: ca.pem, a foreign CA: stranger.pem. more: properties."""
    port, controller = unused(2)
    _certificates(folder)
    software = local_stack.fetch()
    java = [*software.java("256m"), LOGGING, "-cp", f"{software.kafka}/*"]
    config = str(_configuration(folder, port, controller, more or {}))
    storage = ["kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER, "--config", config]
    for user in users:
        storage += ["--add-scram", f"SCRAM-SHA-512=[name={user},password={PASSWORD}]"]
    with (folder / "log").open("wb") as log:
        subprocess.run([*java, *storage], stdout=log, stderr=log, check=True, timeout=120)
    with process(folder / "log", [*java, "kafka.Kafka", config]):
        yield f"{HOST}:{port}"


def _configuration(folder: Path, port: int, controller: int, more: Mapping[str, str]) -> Path:
    """Clients use TLS and a password; the broker's own listener stays on loopback."""
    configured = {
        "controller.quorum.voters": f"1@{HOST}:{controller}",
        "listeners": f"CALLERS://{HOST}:{port},CONTROLLER://{HOST}:{controller}",
        "advertised.listeners": f"CALLERS://{HOST}:{port}",
        "listener.security.protocol.map": "CALLERS:SASL_SSL,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CALLERS",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.callers.scram-sha-512.sasl.jaas.config": login(ADMIN),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(folder / "server.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(folder / "ca.pem"),
        "log.dirs": str(folder / "data"),
    }
    lines = [f"{name}={value}\n" for name, value in (configured | dict(more)).items()]
    file = folder / "server.properties"
    file.write_text((INFRA / "kafka" / "server.properties").read_text() + "".join(lines))
    return file


def _certificates(folder: Path) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "stranger.pem")
    issued = ca.issue_cert(HOST)
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain = b"".join(part.bytes() for part in issued.cert_chain_pems)
    (folder / "server.pem").write_bytes(text + chain)
