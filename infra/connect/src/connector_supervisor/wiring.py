"""The composition root."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import aiohttp

from chassis.process.admin_server import AdminServer
from chassis.process.components import Process
from chassis.process.health import Health
from chassis.stores.kafka import brokers
from connector_supervisor.capture_check import CaptureCheck
from connector_supervisor.gap import Gap
from connector_supervisor.kafka_connect import Connector
from connector_supervisor.kafka_replay import Source, replay
from connector_supervisor.mysql_source import MySQLSource
from connector_supervisor.schema_history import SchemaHistory
from connector_supervisor.settings import Settings
from connector_supervisor.supervisor import Supervisor

TIMEOUT = aiohttp.ClientTimeout(total=10)  # seconds; a worker that joins its group takes some


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[tuple[Connector, dict[str, str]]]:
    """Return the connector in Kafka Connect, and its required configuration."""
    config = json.loads(settings.file.read_text("utf-8"))
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        yield Connector(session, settings.connect_url, settings.connector), config


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """Run connector-supervisor over Kafka Connect, MySQL and the schema history in Kafka."""
    async with connected(settings) as (connector, config):
        history = SchemaHistory(brokers(settings), config["schema.history.internal.kafka.topic"])
        check = CaptureCheck(MySQLSource(settings), history, connector, captured_tables(config))
        supervisor = Supervisor(connector, config)
        gap = Gap(supervisor, check, history, replaying(settings, config))
        health = Health(
            {"connector": supervisor.ready, "capture": check.ready, "events": gap.ready}
        )
        admin = AdminServer(health, settings.host, settings.admin_port, settings.limits)
        yield Process([admin, check, supervisor, gap], health)


def captured_tables(config: Mapping[str, str]) -> list[str]:
    r"""Return the captured tables as database.table.

    The configuration names each by an exact regular expression, such as `(?-i)users\.user_event`.
    """
    patterns = config["table.include.list"].split(",")
    return [pattern.removeprefix("(?-i)").replace("\\.", ".") for pattern in patterns]


def replaying(settings: Settings, config: Mapping[str, str]) -> Callable[[], Awaitable[int]]:
    """Return a function that replays every event, as an operator can also request it."""

    async def every_event() -> int:
        return await replay(brokers(settings), Source.of(config), lambda _: None)

    return every_event
