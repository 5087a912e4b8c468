"""Stop and start of the test stack with loss of data; users to check afterwards."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path

import aiohttp
from opensearchpy import AsyncOpenSearch

from chassis.testing import eventually
from local_stack.addresses import Addresses
from projections.redis.layout import RedisLayout
from tests.support.clients.api_clients import Answer, ApiClient, Refused
from tests.support.stack.survival import created, visible
from tests.support.stores.redis_operator import connected, serving

LOCAL_STACK = Path(sys.executable).parent / "local-stack"


@dataclass(frozen=True, slots=True)
class Population:
    """Users as the views must show them, and one that is erased."""

    living: list[Answer]
    erased: str

    async def is_visible_through(self, api: ApiClient) -> None:
        """Raise AssertionError unless both views show exactly these."""
        await asyncio.gather(*(visible(api, user) for user in self.living))
        try:
            await api.get(self.erased)
        except Refused as refused:
            assert refused.status in {404, "NOT_FOUND"}
        else:
            raise AssertionError("the erased user is returned")


async def populated(api: ApiClient, living: int) -> Population:
    """Create users, rename every third one, and erase one; return when both views show it."""
    users = [await created(api) for _ in range(living)]
    for user in users[::3]:
        user.update(await api.rename(user["id"], "Renamed"))
    erased = (await created(api))["id"]
    await api.delete(erased)
    population = Population(users, erased)
    await eventually(partial(population.is_visible_through, api), within=60, every=0.5)
    return population


@asynccontextmanager
async def dropped_from_views(stack: Addresses, user: str) -> AsyncIterator[None]:
    """Remove the user from both views without moving offsets; the block must restore it."""
    async with connected(stack, decode_responses=True) as redis:
        assert await redis.delete(RedisLayout("users").hash_key(await serving(redis), user))
    async with AsyncOpenSearch(stack.opensearch_url) as opensearch:
        # By default it remembers a deleted document's version for a minute.
        await opensearch.indices.put_settings(body={"index.gc_deletes": "0s"}, index="users")
        await opensearch.delete(index="users", id=user, params={"refresh": "true"})
    yield
    async with AsyncOpenSearch(stack.opensearch_url) as opensearch:
        await opensearch.indices.put_settings(body={"index.gc_deletes": None}, index="users")


async def connector_runs(stack: Addresses) -> None:
    """Raise AssertionError unless connector-supervisor reports connector and task as running."""
    url = f"{stack.admin['connector-supervisor']}/readyz"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == HTTPStatus.OK, await response.text()


async def down(stack: Addresses, losing: tuple[str, ...] = ()) -> None:
    """Stop everything; remove the data of these servers."""
    await asyncio.to_thread(_local_stack, stack, "down")
    for server in losing:
        shutil.rmtree(Path(stack.home) / "data" / server)


async def up(stack: Addresses) -> None:
    """Start everything; raise AssertionError with the output of `local-stack` if it fails."""
    await asyncio.to_thread(_local_stack, stack, "up")


def _local_stack(stack: Addresses, command: str) -> None:
    settings = stack.environment("command-api")
    done = subprocess.run(
        [LOCAL_STACK, command, "--instance", stack.instance],
        env=os.environ | {"OTLP_ENDPOINT": settings["COMMAND_API_OTLP_ENDPOINT"]},
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,  # a start takes half a minute on an idle machine
    )
    assert done.returncode == 0, done.stdout[-3000:]
