"""Faults that are injected into the running test stack and removed again."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from opensearchpy import AsyncOpenSearch

from chassis.testing import eventually
from local_stack import control
from local_stack.addresses import Addresses
from tests.support.stack.instance import NAME
from tests.support.stack.operator_cli import Tool
from tests.support.stack.prometheus import Prometheus

ALL_THERE_IS = -1  # an offset, to Kafka's DeleteRecords
POISON = b"a-poisoned-user"
UNKNOWN_ID = "01890000-0000-7000-8000-ffffffffffff"


@asynccontextmanager
async def frozen(program: str) -> AsyncIterator[None]:
    """Suspend the program's process: connections stay open without responses."""
    pid = control.pid_of(NAME, program)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def stopped(program: str) -> AsyncIterator[None]:
    await asyncio.to_thread(control.stop, NAME, program)
    try:
        yield
    finally:
        await asyncio.to_thread(control.start, NAME, program)


@asynccontextmanager
async def blocked_index(stack: Addresses) -> AsyncIterator[None]:
    """Block writes to the index of the serving generation."""
    block = "index.blocks.write"
    async with AsyncOpenSearch(stack.opensearch_url) as client:
        await client.indices.put_settings(index="users", body={block: True})
        try:
            yield
        finally:
            await client.indices.put_settings(index="users", body={block: None})


@asynccontextmanager
async def creating(stack: Addresses, callers: int) -> AsyncIterator[None]:
    """Run clients that create users one after the other, and ignore refusals."""
    names = {"first_name": "Busy", "last_name": "Bee"}
    async with _asking(stack, callers, "POST", "/user", names):
        yield


@asynccontextmanager
async def reading_histories(stack: Addresses, callers: int) -> AsyncIterator[None]:
    """Run clients that each hold a connection to MySQL; creates share one."""
    async with _asking(stack, callers, "GET", f"/user/{UNKNOWN_ID}/history", None):
        yield


@asynccontextmanager
async def _asking(
    stack: Addresses, callers: int, method: str, path: str, body: dict[str, str] | None
) -> AsyncIterator[None]:
    url = f"{stack.http['command-api']}{path}"

    async def call(session: aiohttp.ClientSession) -> None:
        while True:
            with suppress(aiohttp.ClientError):
                async with session.request(method, url, json=body):
                    await asyncio.sleep(0.05)

    async with aiohttp.ClientSession() as session:
        tasks = [asyncio.create_task(call(session)) for _ in range(callers)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def paused_connector(stack: Addresses) -> AsyncIterator[None]:
    await _connector(stack, "pause")
    try:
        yield
    finally:
        await _connector(stack, "resume")


async def _connector(stack: Addresses, order: str) -> None:
    url = f"{stack.connect_url}/connectors/user-events/{order}"
    headers = {"Content-Type": "application/json"}  # Connect requires it also without a body
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.put(url) as response,
    ):
        assert response.status == 202


@asynccontextmanager
async def paused(stack: Addresses, projector: str) -> AsyncIterator[None]:
    """Pause the projector as an operator does."""
    tool = Tool(stack, projector)
    await tool.done("pause")
    try:
        yield
    finally:
        await tool.done("resume")


@asynccontextmanager
async def poison(stack: Addresses) -> AsyncIterator[None]:
    """Publish a record that cannot be decoded; afterwards a tombstone, and no dead letters."""
    await _write(stack, b"not Avro")
    try:
        yield
    finally:
        await _write(stack, None)
        await _no_dead_letters(stack)


async def _write(stack: Addresses, value: bytes | None) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=stack.kafka_bootstrap)
    await producer.start()
    try:
        await producer.send_and_wait("user.events", value, key=POISON)
    finally:
        await producer.stop()


async def _no_dead_letters(stack: Addresses) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    try:
        topics = [f"user.events.{store}-projector.dlq" for store in ("redis", "search")]
        everything = RecordsToDelete(before_offset=ALL_THERE_IS)
        await admin.delete_records({TopicPartition(topic, 0): everything for topic in topics})
    finally:
        await admin.close()


async def restart(prometheus: Prometheus, program: str, how: signal.Signals) -> None:
    """End the program's process, and return when Prometheus has scraped the next one."""
    started = f'process_start_time_seconds{{job="{program}"}}'
    before = await prometheus.query(started)
    os.kill(control.pid_of(NAME, program), how)

    async def again() -> None:
        now = await prometheus.query(started)
        assert now
        assert now[0]["value"][1] != before[0]["value"][1]

    await eventually(again, within=30, every=0.2)
