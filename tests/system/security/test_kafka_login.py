"""Kafka over TLS and with a password: a test's own broker that rejects all other clients."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from confluent_kafka.admin import AdminClient
from pydantic import SecretStr, ValidationError

from chassis.problems import Unavailable
from chassis.stores.kafka import KafkaSettings, brokers
from chassis.testing import eventually
from platform_setup import SetupError, topics
from projections.kafka.dead_letters import KafkaDeadLetters
from projections.ports import Record
from tests.support.stores import kafka_over_tls


@pytest.fixture(scope="module")
async def kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KafkaSettings]:
    folder = tmp_path_factory.mktemp("kafka")
    with kafka_over_tls.running(folder) as bootstrap:
        settings = kafka_over_tls.settings(bootstrap, folder)
        await eventually(lambda: listed(settings), within=90)
        yield settings


async def listed(settings: KafkaSettings, **changed: Any) -> None:
    """Return when the broker lists its topics to the user; raise AssertionError."""
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
async def test_kafka_rejects_clients_without_tls_or_login(kafka: KafkaSettings) -> None:
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
async def test_logged_in_client_writes_and_reads_a_dead_letter(kafka: KafkaSettings) -> None:
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
def test_logged_in_client_creates_topics(kafka: KafkaSettings) -> None:
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
        {"kafka_user": "ann", "kafka_password": "secret"},  # it would be sent unencrypted
        {"kafka_ca_file": "ca.pem"},
        {"kafka_tls": True, "kafka_user": "ann"},
        {"kafka_tls": True, "kafka_password": "secret"},
    ],
)
def test_incomplete_login_is_a_configuration_error(half: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="KAFKA_"):
        KafkaSettings(**half)
