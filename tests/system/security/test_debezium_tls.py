"""Debezium reads MySQL over TLS, as in overlays/production, and rejects untrusted certificates."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from connector_supervisor.kafka_connect import Connector, Refused
from local_stack.addresses import Addresses
from local_stack.layout import INFRA
from tests.support.stores import mysql_over_tls
from tests.support.stores.mysql_over_tls import PASSWORD, Server, truststore

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.filterwarnings("ignore:'(db|passwd)' is deprecated"),  # yoyo's words to pymysql
]
EVENTS, HISTORY = "tls.user.events", "tls.schema-history"
USER = "01890000-0000-7000-8000-000000000001"


@pytest.fixture(scope="module")
async def mysql(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with mysql_over_tls.served(tmp_path_factory.mktemp("mysql")) as server:
        server.put_event(USER)
        yield server


@pytest.fixture
async def topics(stack: Addresses) -> AsyncIterator[None]:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1) for name in (EVENTS, HISTORY)])
    yield
    await admin.delete_topics([EVENTS, HISTORY])
    await admin.close()


@pytest.fixture
async def connector(stack: Addresses, topics: None, mysql: Server) -> AsyncIterator[Connector]:
    """Create a connector with a new name: Connect would resume one of the same name."""
    name = f"user-events-{mysql.port}"
    async with aiohttp.ClientSession() as session:
        yield Connector(session, stack.connect_url, name)
        async with session.delete(f"{stack.connect_url}/connectors/{name}"):
            pass


def config(server: Server, truststore: Path) -> dict[str, str]:
    """Return the configuration of users' connector for that MySQL, without snapshot signals."""
    configured: dict[str, str] = json.loads((INFRA / "connect" / "user-events.json").read_text())
    configured = {
        key: value for key, value in configured.items() if not key.startswith(("signal.", "heart"))
    }
    return configured | {
        "database.hostname": server.host,
        "database.port": str(server.port),
        "database.password": PASSWORD,
        "database.ssl.mode": "verify_identity",
        "database.ssl.truststore": str(truststore),
        "database.ssl.truststore.password": PASSWORD,
        "topic.prefix": "tls",
        "schema.history.internal.kafka.topic": HISTORY,
        "predicates.isEvent.pattern": r"tls\.users\.user_event",
        "transforms.route.regex": r"tls\.users\.user_event",
        "transforms.route.replacement": EVENTS,
    }


async def test_events_are_published_from_mysql_over_tls(
    stack: Addresses, mysql: Server, connector: Connector
) -> None:
    assert mysql.ca
    await connector.put(config(mysql, truststore(mysql.ca)))
    consumer = AIOKafkaConsumer(
        EVENTS, bootstrap_servers=stack.kafka_bootstrap, auto_offset_reset="earliest"
    )
    async with consumer:
        record = await asyncio.wait_for(consumer.getone(), 60)
    assert record.key == USER.encode()


@pytest.mark.parametrize("wrong", ["a stranger's authority", "another name than its own"])
async def test_debezium_rejects_an_untrusted_certificate(
    mysql: Server, connector: Connector, wrong: str
) -> None:
    server = replace(mysql, host="127.0.0.1") if "name" in wrong else mysql
    trusted = mysql.stranger if "stranger" in wrong else mysql.ca
    assert trusted
    with pytest.raises(Refused, match="Failed to establish connection"):
        await connector.put(config(server, truststore(trusted)))
    assert await connector.config() is None
