"""After an erasure, accelerated as in docs/erasure.md, no file of any server has the names."""

import asyncio
import os
import random
import re
import shlex
import string
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pymysql
import pytest
from redis.asyncio import Redis

from chassis.testing import eventually
from local_stack.addresses import Addresses
from local_stack.layout import ROOT
from tests.support.clients.api_clients import ApiClient, Refused, as_root
from tests.support.stack.survival import created, visible

pytestmark = pytest.mark.e2e
PAGE = (ROOT / "docs" / "erasure.md").read_text()
STORES = {"mysql", "kafka", "redis", "opensearch"}
TIMEOUT = 90.0  # seconds; Kafka's cleaner runs every 15 s


async def test_erased_name_is_in_no_file_of_any_server(stack: Addresses, http: ApiClient) -> None:
    name = incompressible()
    user = await http.create(name, "Erased")
    await http.rename(user["id"], f"{name}ia")
    await eventually(lambda: is_held_by(stack, name, STORES), within=TIMEOUT)
    await http.delete(user["id"])
    await eventually(lambda: is_not_found(http, user["id"], name), within=TIMEOUT)

    async with hurried_kafka(stack):
        await hurry_mysql(stack)
        await hurry_redis(stack)
        await eventually(lambda: is_forgotten(stack, http, name), within=TIMEOUT, every=5)

    another = await created(http)  # the system continues to work
    await eventually(lambda: visible(http, another), within=TIMEOUT)


def incompressible() -> str:
    """Return a name that lz4 leaves unchanged in Kafka's log: no four characters repeat."""
    return "".join(random.sample(string.ascii_lowercase, 26)).capitalize()


async def is_forgotten(stack: Addresses, http: ApiClient, name: str) -> None:
    """Make OpenSearch merge, and write another record to each partition of Kafka."""
    await asyncio.to_thread(run, stack, blocks("sh")[0])
    await asyncio.gather(*(created(http) for _ in range(8)))
    await is_held_by(stack, name, set())


async def is_held_by(stack: Addresses, name: str, wanted: set[str]) -> None:
    """Check which servers have a file with the name, in whatever encoding; no log may have it."""
    command = ["grep", "-rlaiF", name, "."]
    found = await asyncio.to_thread(
        subprocess.run, command, cwd=stack.home, check=False, capture_output=True
    )
    files = [Path(os.fsdecode(line)) for line in found.stdout.splitlines()]
    assert {file.parts[0] for file in files} <= {"data"}, files
    assert {file.parts[1] for file in files} == wanted, files


async def is_not_found(api: ApiClient, user: str, name: str) -> None:
    assert await api.search(name) == []
    with pytest.raises(Refused, match="404"):
        await api.get(user)


def blocks(language: str) -> list[str]:
    """Return the page's code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


async def hurry_mysql(stack: Addresses) -> None:
    with pymysql.connect(**as_root(stack), database="users", autocommit=True) as connection:
        for statement in blocks("sql")[0].strip().split("\n"):
            await asyncio.to_thread(connection.cursor().execute, statement)


async def hurry_redis(stack: Addresses) -> None:
    async with Redis.from_url(stack.redis_url) as redis:
        assert blocks("redis") == ["BGREWRITEAOF\n"]
        await redis.bgrewriteaof()


@asynccontextmanager
async def hurried_kafka(stack: Addresses) -> AsyncIterator[None]:
    _, hurry, back = blocks("sh")
    await asyncio.to_thread(run, stack, hurry)
    try:
        yield
    finally:
        await asyncio.to_thread(run, stack, back)


def run(stack: Addresses, commands: str) -> None:
    """Run the page's commands against the tests' own instance."""
    here = commands.replace("localhost:9200", stack.opensearch_url.removeprefix("http://"))
    kafka = f"local-stack kafka --instance {stack.instance}"
    for line in here.replace("local-stack kafka", kafka).splitlines():
        subprocess.run(shlex.split(line), check=True, cwd=ROOT, timeout=TIMEOUT)
