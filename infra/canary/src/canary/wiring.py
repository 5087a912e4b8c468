"""The composition root."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from canary.probe import Apis
from canary.prober import Prober
from canary.settings import Settings
from chassis.auth.client_token import bearer_token_middleware
from chassis.process.admin_server import AdminServer
from chassis.process.components import Process
from chassis.process.health import Health

TIMEOUT = aiohttp.ClientTimeout(total=5)  # seconds for one request


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    """Run the canary over the three APIs; ready as soon as it runs, since it has no dependency."""
    token = bearer_token_middleware(settings.token_file)
    async with aiohttp.ClientSession(timeout=TIMEOUT, middlewares=token) as session:
        apis = Apis(session, settings.command_url, settings.query_url, settings.search_url)
        health = Health({})
        admin = AdminServer(health, settings.host, settings.admin_port, settings.limits)
        yield Process([admin, Prober(apis.probe, settings.every, settings.within)], health)
