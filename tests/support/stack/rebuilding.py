"""The test stack down, some of its data gone, and up again; and users to look for afterwards."""

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
from tests.support.clients.api_clients import Answer, Door, Refused
from tests.support.stack.survival import created, visible
from tests.support.stores.redis_operator import connected, serving

LOCAL_STACK = Path(sys.executable).parent / "local-stack"


@dataclass(frozen=True, slots=True)
class Population:
    """Users as the views must tell them, and one that is erased."""

    living: list[Answer]
    erased: str

    async def is_told_by(self, door: Door) -> None:
        """AssertionError unless both views tell exactly this."""
        await asyncio.gather(*(visible(door, user) for user in self.living))
        try:
            await door.get(self.erased)
        except Refused as refused:
            assert refused.status in {404, "NOT_FOUND"}
        else:
            raise AssertionError("the erased user is told")


async def populated(door: Door, living: int) -> Population:
    """So many users, every third one renamed, and one erased; both views tell so."""
    users = [await created(door) for _ in range(living)]
    for user in users[::3]:
        user.update(await door.rename(user["id"], "Renamed"))
    erased = (await created(door))["id"]
    await door.delete(erased)
    population = Population(users, erased)
    await eventually(partial(population.is_told_by, door), within=60, every=0.5)
    return population


@asynccontextmanager
async def dropped_from_views(stack: Addresses, user: str) -> AsyncIterator[None]:
    """The user is in no view any more, no offset knows of that, and the block brings it back."""
    async with connected(stack, decode_responses=True) as redis:
        assert await redis.delete(RedisLayout("users").hash_key(await serving(redis), user))
    async with AsyncOpenSearch(stack.opensearch_url) as opensearch:
        # It remembers a deleted document's version for a minute, unless told otherwise.
        await opensearch.indices.put_settings(body={"index.gc_deletes": "0s"}, index="users")
        await opensearch.delete(index="users", id=user, params={"refresh": "true"})
    yield
    async with AsyncOpenSearch(stack.opensearch_url) as opensearch:
        await opensearch.indices.put_settings(body={"index.gc_deletes": None}, index="users")


async def connector_runs(stack: Addresses) -> None:
    """AssertionError unless the connector and its task run, as connector-supervisor sees it."""
    url = f"{stack.admin['connector-supervisor']}/readyz"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == HTTPStatus.OK, await response.text()


async def down(stack: Addresses, losing: tuple[str, ...] = ()) -> None:
    """Everything stops; the data of these servers is thrown away."""
    await asyncio.to_thread(_local_stack, stack, "down")
    for server in losing:
        shutil.rmtree(Path(stack.home) / "data" / server)


async def up(stack: Addresses) -> None:
    """Everything runs; AssertionError with what `local-stack` said if it does not."""
    await asyncio.to_thread(_local_stack, stack, "up")


def _local_stack(stack: Addresses, command: str) -> None:
    told = stack.environment("command-api")
    done = subprocess.run(
        [LOCAL_STACK, command, "--instance", stack.instance],
        env=os.environ | {"OTLP_ENDPOINT": told["COMMAND_API_OTLP_ENDPOINT"]},
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,  # a start takes half a minute on an idle machine
    )
    assert done.returncode == 0, done.stdout[-3000:]
