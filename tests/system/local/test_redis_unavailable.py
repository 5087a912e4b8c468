"""A Redis that rejects writes: the projector waits, query-api continues, nothing is lost."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from chassis.testing import eventually
from local_stack import control
from local_stack.addresses import Addresses
from tests.support.clients.admin_pages import counter, is_ready, is_unready
from tests.support.clients.api_clients import ApiClient
from tests.support.stack.instance import NAME
from tests.support.stack.survival import created

pytestmark = pytest.mark.e2e
PROJECTOR = "redis-projector"
REASONS = {"OOM": "OutOfMemoryError", "NOREPLICAS": "NOREPLICAS"}
SETTINGS = {"OOM": ("maxmemory", "1"), "NOREPLICAS": ("min-replicas-to-write", "3")}


@asynccontextmanager
async def changed(stack: Addresses, name: str, value: str) -> AsyncIterator[None]:
    async with Redis.from_url(stack.redis_url) as redis:
        before = str((await redis.config_get(name))[name])
        await redis.config_set(name, value)
        try:
            yield
        finally:
            await redis.config_set(name, before)


@pytest.mark.parametrize("kind", SETTINGS)
async def test_projector_waits_while_redis_rejects_writes(
    stack: Addresses, http: ApiClient, kind: str
) -> None:
    pid = control.pid_of(NAME, PROJECTOR)
    retries = await counter(stack, PROJECTOR, "projector_retries_total")
    async with changed(stack, *SETTINGS[kind]):
        users = [await created(http) for _ in range(20)]
        await eventually(lambda: has_retried(stack, retries + 5), within=30)
        await is_unready(stack, PROJECTOR, REASONS[kind])
    for user in users:
        assert await http.get(user["id"], min_version=1) == user
    await eventually(lambda: is_ready(stack, PROJECTOR), within=15)
    assert control.pid_of(NAME, PROJECTOR) == pid


async def has_retried(stack: Addresses, times: float) -> None:
    assert await counter(stack, PROJECTOR, "projector_retries_total") >= times
