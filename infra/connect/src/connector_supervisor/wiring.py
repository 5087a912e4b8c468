"""The composition root."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from chassis.admin_server import AdminServer
from chassis.health import Health
from chassis.lifecycle import Process
from connector_supervisor.kafka_connect import Connector
from connector_supervisor.settings import Settings
from connector_supervisor.supervisor import Supervisor

TIMEOUT = aiohttp.ClientTimeout(total=10)  # seconds; a worker that joins its group takes some


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[tuple[Connector, dict[str, str]]]:
    """The connector in Kafka Connect, and the configuration that it should have."""
    config = json.loads(settings.file.read_text("utf-8"))
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        yield Connector(session, settings.connect_url, settings.connector), config


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """connector-supervisor over Kafka Connect."""
    async with connected(settings) as (connector, config):
        supervisor = Supervisor(connector, config)
        health = Health({"connector": supervisor.ready})
        admin = AdminServer(health, settings.host, settings.admin_port, settings.limits)
        yield Process([admin, supervisor], health)
