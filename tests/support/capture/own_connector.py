"""A test's own captured table, connector and supervisor, beside those of users.

Changes of its table do not affect the topic, the schema and the views of users.
"""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import fastavro
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pydantic import SecretStr

from chassis.process import lifecycle
from chassis.process.components import Process
from chassis.testing import eventually
from connector_supervisor import capture_check
from connector_supervisor.resnapshot import resnapshot
from connector_supervisor.settings import Settings
from connector_supervisor.wiring import connected, wire
from local_stack.addresses import Addresses
from tests.support.capture.capture_faults import executed

USERS = Path(__file__).parents[3] / "infra" / "connect" / "user-events.json"
DATABASE, TABLE = "things", "things.thing_event"
SERVER_ID = "5499"
CHECKED_EVERY = (
    1.0  # seconds; most tests wait for two checks, which is 10 s at the shipped interval
)
COLUMNS = """
    thing_id CHAR(36) CHARACTER SET ascii NOT NULL,
    version INT UNSIGNED NOT NULL,
    first_name VARCHAR(100) NULL,
    last_name VARCHAR(100) NULL,
    PRIMARY KEY (thing_id, version)
"""


@dataclass
class OwnConnector:
    """The table, its supervisor's status, and the records on its topic."""

    stack: Addresses
    settings: Settings
    process: Process | None = None

    def sql(self, *statements: str) -> None:
        executed(self.stack, f"USE {DATABASE}", *statements)

    def insert(self, thing: str, version: int = 1, **columns: str) -> None:
        names = ", ".join(("thing_id", "version", *columns))
        values = ", ".join((f"'{thing}'", str(version), *(f"'{v}'" for v in columns.values())))
        self.sql(f"INSERT INTO thing_event ({names}) VALUES ({values})")

    async def failures(self) -> Mapping[str, str]:
        assert self.process
        return await self.process.health.failures()

    async def runs(self) -> None:
        assert await self.failures() == {}

    async def checked(self) -> None:
        """Return after three more checks: a difference is confirmed at the second check."""
        before = _checks()

        async def again() -> None:
            assert _checks() >= before + 3

        await eventually(again, within=60, every=0.5)

    async def reports(self, *parts: str) -> None:
        text = str(await self.failures())
        assert all(part in text for part in parts), text

    async def resnapshot(self) -> None:
        async with connected(self.settings) as (connector, _):
            await resnapshot(connector, lambda _: None)

    async def published(self, thing: str) -> list[dict[str, Any] | None]:
        """Return every record of a key, decoded with the registered schema; None: a tombstone."""
        return [await self._decoded(r.value) for r in await self._records() if _key(r) == thing]

    async def keys(self) -> set[str]:
        """Return the keys of all records."""
        return {_key(record) for record in await self._records()}

    async def _records(self) -> list[Any]:
        consumer = AIOKafkaConsumer(
            "thing.events",
            bootstrap_servers=self.stack.kafka_bootstrap,
            isolation_level="read_committed",
            group_id=None,
        )
        await consumer.start()
        try:
            ends = await consumer.end_offsets(consumer.assignment())
            for partition, first in (await consumer.beginning_offsets(ends)).items():
                consumer.seek(partition, first)
            records = list[Any]()
            while any([await consumer.position(p) < end for p, end in ends.items()]):
                for fetched in (await consumer.getmany(timeout_ms=500)).values():
                    records += fetched
            return records
        finally:
            await consumer.stop()

    async def _decoded(self, value: bytes | None) -> dict[str, Any] | None:
        if value is None:
            return None
        url = f"{self.stack.registry_url}/schemas/ids/{int.from_bytes(value[1:5], 'big')}"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            schema = json.loads((await answer.json(content_type=None))["schema"])
        event: Any = fastavro.schemaless_reader(io.BytesIO(value[5:]), schema, None)
        return dict(event)

    async def newest(self, thing: str, expected: dict[str, Any]) -> None:
        """Raise AssertionError unless the newest record of the key has these values."""
        records = await self.published(thing)
        assert records, thing
        assert expected.items() <= (records[-1] or {}).items(), records[-1]


@asynccontextmanager
async def own_connector(stack: Addresses, home: Path) -> AsyncIterator[OwnConnector]:
    file = home / "thing-events.json"
    file.write_text(json.dumps(_config()))
    executed(
        stack,
        f"DROP DATABASE IF EXISTS {DATABASE}",
        f"CREATE DATABASE {DATABASE}",
        f"GRANT SELECT ON {DATABASE}.* TO debezium",
        f"CREATE TABLE {TABLE} ({COLUMNS})",
    )
    own = OwnConnector(stack, _settings(stack, file))
    await _removed(own.settings)  # left by an interrupted run
    async with _topics(stack):
        try:
            async with _supervised(own):
                yield own
        finally:
            await _removed(own.settings)
            executed(stack, f"DROP DATABASE {DATABASE}")


def _key(record: Any) -> str:
    return bytes(record.key).decode()


def _checks() -> float:
    (metric,) = capture_check.CHECKS.collect()
    return max(sample.value for sample in metric.samples if sample.name == "capture_checks_total")


def _config() -> dict[str, str]:
    text = USERS.read_text("utf-8")
    for users, things in (
        ("user_event", "thing_event"),
        ("users", DATABASE),
        ("user_id", "thing_id"),
        ("user.events", "thing.events"),
        ("user.UserEvent", "thing.ThingEvent"),
        ('"cdc', '"things-cdc'),
        ("5401", SERVER_ID),
    ):
        text = text.replace(users, things)
    config: dict[str, str] = json.loads(text)
    del config["column.exclude.list"]
    return config


def _settings(stack: Addresses, file: Path) -> Settings:
    configured: dict[str, Any] = {
        "admin_port": 0,
        "connect_url": stack.connect_url,
        "connector": "thing-events",
        "file": file,
        "kafka_bootstrap": stack.kafka_bootstrap,
        "mysql_host": stack.mysql_host,
        "mysql_port": stack.mysql_port,
        "mysql_password": SecretStr(stack.password("debezium")),
    }
    return Settings(**configured)


@asynccontextmanager
async def _supervised(own: OwnConnector) -> AsyncIterator[None]:
    stop = asyncio.Event()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(capture_check, "EVERY", CHECKED_EVERY)
        async with _running(own, stop):
            yield


@asynccontextmanager
async def _running(own: OwnConnector, stop: asyncio.Event) -> AsyncIterator[None]:
    async with wire(own.settings) as process, asyncio.TaskGroup() as group:
        own.process = process
        group.create_task(lifecycle.run(process, stop, 0, 10))
        try:
            await eventually(own.runs, within=90, every=0.5)
            own.insert("first")  # once it is published, the initial snapshot has ended
            await eventually(lambda: own.newest("first", {"version": 1}), within=60, every=0.5)
            yield
        finally:
            stop.set()


@asynccontextmanager
async def _topics(stack: Addresses) -> AsyncIterator[None]:
    names = ["thing.events", "__debezium-heartbeat.things-cdc"]
    names += ["things-cdc.schema-history", "things-cdc.signals"]
    topics = [NewTopic(name, num_partitions=1, replication_factor=1) for name in names]
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    try:
        await admin.create_topics(topics)
        yield
    finally:
        await admin.delete_topics(names)
        await admin.close()


async def _removed(settings: Settings) -> None:
    """Remove the connector and its offsets; the next one of that name starts from the beginning."""
    async with connected(settings) as (connector, _), aiohttp.ClientSession() as session:
        if await connector.config() is None:
            return
        await connector.stop()

        async def is_stopped() -> None:
            assert await connector.is_stopped()

        await eventually(is_stopped, within=60)
        await connector.forget_offsets()
        url = f"{settings.connect_url}/connectors/{settings.connector}"
        async with session.delete(url) as answer:
            assert answer.status == 204, await answer.text()
