"""Kafka over TLS and with a password: a broker of the test's own, which lets nobody else in."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from confluent_kafka.admin import AdminClient
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import SecretStr, ValidationError

from chassis.kafka_connections import KafkaSettings, brokers
from chassis.kafka_dead_letters import KafkaDeadLetters
from chassis.problems import Unavailable
from chassis.projection import Record
from chassis.testing import eventually
from local_stack import stack as local_stack
from local_stack.layout import INFRA
from platform_setup import SetupError, topics

HOST = "127.0.0.1"
CLUSTER = "aaaaaaaaaaaaaaaaaaaaaA"
USER = "SCRAM-SHA-512=[name=ann,password=secret]"
MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


def configuration(folder: Path, port: int, controller: int) -> Path:
    """Clients come by TLS and a password alone; what the broker tells itself stays on loopback."""
    told = {
        "controller.quorum.voters": f"1@{HOST}:{controller}",
        "listeners": f"CALLERS://{HOST}:{port},CONTROLLER://{HOST}:{controller}",
        "advertised.listeners": f"CALLERS://{HOST}:{port}",
        "listener.security.protocol.map": "CALLERS:SASL_SSL,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CALLERS",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.callers.scram-sha-512.sasl.jaas.config": (
            f'{MODULE[:-1]} username="ann" password="secret";'
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(folder / "server.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(folder / "ca.pem"),
        "log.dirs": str(folder / "data"),
    }
    lines = [f"{name}={value}\n" for name, value in told.items()]
    file = folder / "server.properties"
    file.write_text((INFRA / "kafka" / "server.properties").read_text() + "".join(lines))
    return file


def certificates(folder: Path) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "stranger.pem")
    issued = ca.issue_cert(HOST)
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain = b"".join(part.bytes() for part in issued.cert_chain_pems)
    (folder / "server.pem").write_bytes(text + chain)


@contextmanager
def running(folder: Path, port: int, controller: int) -> Iterator[None]:
    software = local_stack.fetch()
    logging = f"-Dlog4j2.configurationFile={INFRA / 'kafka' / 'log4j2.properties'}"
    java = [*software.java("256m"), logging, "-cp", f"{software.kafka}/*"]
    config = str(configuration(folder, port, controller))
    storage = ["kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER, "--config", config]
    with (folder / "log").open("wb") as log:
        subprocess.run(
            [*java, *storage, "--add-scram", USER], stdout=log, stderr=log, check=True, timeout=120
        )
        broker = subprocess.Popen([*java, "kafka.Kafka", config], stdout=log, stderr=log)
    try:
        yield
    finally:
        broker.terminate()
        broker.wait(60)


@pytest.fixture(scope="module")
async def kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KafkaSettings]:
    folder = tmp_path_factory.mktemp("kafka")
    certificates(folder)
    sockets = [await asyncio.start_server(lambda *_: None, HOST, 0) for _ in range(2)]
    port, controller = (one.sockets[0].getsockname()[1] for one in sockets)
    for one in sockets:
        one.close()
    settings = KafkaSettings(
        kafka_bootstrap=f"{HOST}:{port}",
        kafka_tls=True,
        kafka_ca_file=folder / "ca.pem",
        kafka_user="ann",
        kafka_password=SecretStr("secret"),
    )
    with running(folder, port, controller):
        await eventually(lambda: listed(settings), within=90)
        yield settings


async def listed(settings: KafkaSettings, **changed: Any) -> None:
    """Return when the broker tells who is logged in its topics; raises AssertionError."""
    admin = AIOKafkaAdminClient(
        **brokers(settings.model_copy(update=changed)).aiokafka(), request_timeout_ms=5000
    )
    try:
        async with asyncio.timeout(15):
            await admin.start()
            await admin.list_topics()
    except (KafkaError, OSError, TimeoutError) as error:
        raise AssertionError(repr(error)) from error
    finally:
        await admin.close()


@pytest.mark.integration
async def test_kafka_is_not_reached_otherwise(kafka: KafkaSettings) -> None:
    stranger = (kafka.kafka_ca_file or Path()).with_name("stranger.pem")
    for wrong in (
        {"kafka_password": SecretStr("guess")},
        {"kafka_user": "bob"},
        {"kafka_user": None},
        {"kafka_ca_file": stranger},
        {"kafka_ca_file": None},
        {"kafka_tls": False},
    ):
        with pytest.raises(AssertionError):
            await listed(kafka, **wrong)


@pytest.mark.integration
async def test_a_dead_letter_is_written_and_read_by_who_logs_in(kafka: KafkaSettings) -> None:
    admin = AIOKafkaAdminClient(**brokers(kafka).aiokafka())
    await admin.start()
    await admin.create_topics([NewTopic("letters", 1, 1)])
    await admin.close()
    letters = KafkaDeadLetters(brokers(kafka), "letters")
    await letters.put([(Record("users", 0, 7, b"key", b"value"), "poison")])
    await letters.close()
    consumer = AIOKafkaConsumer(
        "letters", **brokers(kafka).aiokafka(), auto_offset_reset="earliest", group_id="test"
    )
    await consumer.start()
    async with asyncio.timeout(30):
        letter = await consumer.getone()
    await consumer.stop()
    assert (letter.key, letter.value) == (b"key", b"value")
    guessing = KafkaDeadLetters(
        brokers(kafka.model_copy(update={"kafka_password": SecretStr("guess")})), "letters"
    )
    with pytest.raises(Unavailable):
        await guessing.put([(Record("users", 0, 8, b"key", b"value"), "poison")])


@pytest.mark.integration
def test_topics_are_made_by_who_logs_in(kafka: KafkaSettings) -> None:
    settings = topics.Settings.model_validate(
        {
            "bootstrap": kafka.kafka_bootstrap,
            "tls": True,
            "ca_file": kafka.kafka_ca_file,
            "user": "ann",
            "password": kafka.kafka_password,
        }
    )
    assert topics.partitions(AdminClient(topics.connection(settings).librdkafka()))
    with pytest.raises(SetupError, match="SETUP_KAFKA_TLS"):
        topics.connection(settings.model_copy(update={"tls": False}))


@pytest.mark.parametrize(
    "half",
    [
        {"kafka_user": "ann", "kafka_password": "secret"},  # it would go over the wire in the clear
        {"kafka_ca_file": "ca.pem"},
        {"kafka_tls": True, "kafka_user": "ann"},
        {"kafka_tls": True, "kafka_password": "secret"},
    ],
)
def test_half_a_login_is_a_mistake(half: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="KAFKA_"):
        KafkaSettings(**half)
