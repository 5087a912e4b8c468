"""An index or a cluster in a bad state: the projector waits, and skips or repeats nothing.

Sources: logstash-output-elasticsearch issues 73 and 134, kafka-connect-elasticsearch issue 380,
micromasters issue 4612, snowstorm issue 67.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from opensearchpy import AsyncOpenSearch

from chassis.testing import eventually
from local_stack import control
from local_stack.addresses import Addresses
from tests.support.clients.admin_pages import counter, is_ready, is_unready
from tests.support.clients.api_clients import ApiClient
from tests.support.stack.instance import NAME
from tests.support.stack.survival import created, visible

pytestmark = pytest.mark.e2e
PROJECTOR = "search-projector"
DEAD_LETTERS = TopicPartition(f"user.events.{PROJECTOR}.dlq", 0)
LASTS = 12.0  # duration of a fault in seconds
Fault = Callable[[AsyncOpenSearch, str], AbstractAsyncContextManager[None]]


@pytest.fixture
async def client(stack: Addresses) -> AsyncIterator[AsyncOpenSearch]:
    async with AsyncOpenSearch(stack.opensearch_url) as client:
        yield client


@asynccontextmanager
async def closed(client: AsyncOpenSearch, index: str) -> AsyncIterator[None]:
    await client.indices.close(index=index)
    try:
        yield
    finally:
        await client.indices.open(index=index)


def blocked(block: str) -> Fault:
    @asynccontextmanager
    async def fault(client: AsyncOpenSearch, index: str) -> AsyncIterator[None]:
        name = f"index.blocks.{block}"
        await client.indices.put_settings(index=index, body={name: True})
        try:
            yield
        finally:
            await client.indices.put_settings(index=index, body={name: None})

    return fault


@asynccontextmanager
async def blocked_cluster(client: AsyncOpenSearch, index: str) -> AsyncIterator[None]:
    name = "cluster.blocks.read_only"
    await client.cluster.put_settings(body={"transient": {name: True}})
    try:
        yield
    finally:
        await client.cluster.put_settings(body={"transient": {name: None}})


@asynccontextmanager
async def second_index(client: AsyncOpenSearch, index: str) -> AsyncIterator[None]:
    """Make the serving alias point to two generations, as an operator's mistake would."""
    other = f"{index.rpartition('-')[0]}-999"
    await client.indices.create(index=other)
    await client.indices.put_alias(index=other, name="users")
    try:
        yield
    finally:
        await client.indices.delete(index=other)


FAULTS: dict[str, Fault] = {
    "closed": closed,
    "write": blocked("write"),
    "read_only": blocked("read_only"),
    "read_only_allow_delete": blocked("read_only_allow_delete"),
    "cluster": blocked_cluster,
    "two indexes": second_index,
}


@pytest.mark.parametrize("kind", FAULTS)
async def test_projector_waits_while_the_index_is_unavailable(
    stack: Addresses, client: AsyncOpenSearch, http: ApiClient, kind: str
) -> None:
    await eventually(lambda: is_ready(stack, PROJECTOR), within=60)
    before = await created(http)
    await eventually(lambda: visible(http, before), within=30)
    (index,) = await client.indices.get_alias(name="users")
    pid = control.pid_of(NAME, PROJECTOR)
    dead_letters, handled = (
        await count_of(stack),
        await counter(stack, PROJECTOR, "projector_events_total"),
    )
    retries, logged = (
        await counter(stack, PROJECTOR, "projector_retries_total"),
        len(lines_of(stack)),
    )
    loop = asyncio.get_running_loop()

    async with FAULTS[kind](client, index):
        end, users = loop.time() + LASTS, []
        while loop.time() < end:
            users.append(await created(http))
            await asyncio.sleep(0.1)  # about ten events a second, during the fault
        await eventually(lambda: is_unready(stack, PROJECTOR, "opensearch"), within=10)
        if kind in {"closed", "two indexes"}:
            await eventually(lambda: is_unready(stack, "search-api", "opensearch"), within=10)

    for user in users:
        await eventually(lambda user=user: visible(http, user), within=30)  # type: ignore[misc]
    await eventually(lambda: is_ready(stack, PROJECTOR), within=15)
    assert control.pid_of(NAME, PROJECTOR) == pid
    assert await count_of(stack) == dead_letters
    if kind != "two indexes":  # where it knows the right one
        assert await counter(stack, PROJECTOR, "projector_retries_total") > retries
    again = await counter(stack, PROJECTOR, "projector_events_total") - handled
    assert again < len(users) + 50  # the topic was not read from its start
    warnings = [line for line in lines_of(stack)[logged:] if line["level"] == "warning"]
    assert not [line for line in warnings if "retry_scheduled" in line["event"]]
    reported = [line for line in warnings if line["event"] == "dependency unavailable"]
    assert {line["store"] for line in reported} == {"opensearch"}
    assert len(reported) <= 2 + (loop.time() - end + LASTS) / 10


async def count_of(stack: Addresses) -> int:
    """Return the number of dead letters ever written."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka_bootstrap)
    await consumer.start()
    try:
        ends: dict[TopicPartition, int] = await consumer.end_offsets([DEAD_LETTERS])
        return ends[DEAD_LETTERS]
    finally:
        await consumer.stop()


def lines_of(stack: Addresses) -> list[dict[str, str]]:
    text = (Path(stack.home) / "log" / f"{PROJECTOR}.log").read_text()
    return [json.loads(line) for line in text.splitlines()]
