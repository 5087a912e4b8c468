"""The composition root: the only place that creates real clients."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from chassis.auth.client_token import bearer_token_middleware
from chassis.http.server import HttpServer
from chassis.process.admin_server import AdminServer
from chassis.process.components import Process
from chassis.process.health import Health
from chassis.stores.kafka import brokers
from console import http_api
from console.apis import Api
from console.commands import Commands
from console.metrics_poller import MetricsPoller
from console.propagation import Propagation
from console.settings import Settings
from console.subscribers import Subscribers
from console.topic import Topic


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """Run the console; ready as soon as it runs: it shows unavailable dependencies as such."""
    # Every call has its own timeout. The page's own limits bound the number of connections.
    # For the APIs only, not for the admin ports.
    token = bearer_token_middleware(settings.token_file)
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), middlewares=token
        ) as callers,
    ):
        command = Api(callers, "command-api", settings.command_url)
        query = Api(callers, "query-api", settings.query_url)
        search = Api(callers, "search-api", settings.search_url)
        subscribers = Subscribers()
        topic = Topic(brokers(settings), settings.topic, subscribers)
        commands = Commands(command, Propagation(query, search, topic))
        health = Health({})
        yield Process(
            [
                AdminServer(health, settings.host, settings.admin_port, settings.limits),
                HttpServer(
                    http_api.routes(commands, query, search, subscribers),
                    settings.host,
                    settings.http_port,
                    settings.grace,
                    limits=settings.limits,
                ),
                topic,
                MetricsPoller(session, admin_urls(settings), subscribers),
            ],
            health,
        )


def admin_urls(settings: Settings) -> dict[str, str]:
    """Return program → URL of its admin port, in the order of the page."""
    return {
        "command-api": settings.command_admin_url,
        "query-api": settings.query_admin_url,
        "search-api": settings.search_admin_url,
        "redis-projector": settings.redis_projector_admin_url,
        "search-projector": settings.search_projector_admin_url,
        "connector-supervisor": settings.connector_supervisor_admin_url,
        "canary": settings.canary_admin_url,
    }
