"""Operator commands beside a running projector: their output and their effect."""

import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from redis.asyncio import Redis

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import ApiClient
from tests.support.stack.measured import MEASURED
from tests.support.stack.survival import created, visible

pytestmark = pytest.mark.e2e
DEAD_LETTERS = "user.events.redis-projector.dlq"
Tool = Callable[..., "subprocess.CompletedProcess[str]"]
Write = Callable[..., Any]
OURS = {
    "reason": "the schema: was unknown",
    "source.topic": "user.events",
    "source.partition": "0",
    "source.offset": "41",
    "failed_at": "2026-01-01T00:00:00+00:00",
}


@pytest.fixture
def tool(stack: Addresses) -> Tool:
    """Return `redis-projector WORDS…` with the stack's own settings."""
    settings = stack.environment("redis-projector") | MEASURED
    command = Path(sys.executable).parent / "redis-projector"

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [command, *words], env=settings, check=False, capture_output=True, text=True, timeout=60
        )

    return run


@pytest.fixture
async def dead_letter(stack: Addresses, tool: Tool) -> AsyncIterator[Write]:
    """Write records to the dead-letter topic; those that a test leaves there are dropped."""
    producer = AIOKafkaProducer(bootstrap_servers=stack.kafka_bootstrap)
    await producer.start()

    async def write(key: bytes, value: bytes, headers: Mapping[str, str] = OURS) -> None:
        encoded = [(name, text.encode()) for name, text in headers.items()]
        await producer.send_and_wait(DEAD_LETTERS, key=key, value=value, headers=encoded)

    yield write
    await producer.stop()
    if left := offsets(tool):
        assert tool("dead-letters", "discard", *left).returncode == 0


def offsets(tool: Tool) -> list[str]:
    listed = tool("dead-letters", "list")
    assert listed.returncode == 0, listed.stderr
    return [line.split()[0] for line in listed.stdout.splitlines()]


async def record_of(stack: Addresses, user: str) -> bytes:
    """Return the event of a user as stored on the topic."""
    consumer = AIOKafkaConsumer(
        "user.events", bootstrap_servers=stack.kafka_bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        async for message in consumer:
            if message.key == user.encode():
                return bytes(message.value)
        raise AssertionError
    finally:
        await consumer.stop()


async def test_status_shows_directives_partitions_and_dead_letters(
    tool: Tool, dead_letter: Write
) -> None:
    await dead_letter(b"k", b"poison")
    output = tool("status")
    assert output.returncode == 0, output.stderr
    paused, generations, *table = output.stdout.splitlines()
    assert paused == "not paused"
    assert re.fullmatch(r"generation \d+ serves; previous: (none|\d+)", generations)
    rows = [line.split() for line in table]
    assert [row[0] for row in rows] == ["partition", "0", "1", "2", "3", "dead"]
    for _, offset, end, lag, late, _ in rows[1:5]:
        assert int(lag) in {0, int(end) - int(offset)}
        assert int(lag) or not float(late)  # a lag under 50 ms is also shown as 0.0
    assert rows[5] == ["dead", "letters:", "1"]


@pytest.mark.parametrize(
    "headers", [{}, {"reason": "\x1b[2Jgone\n7  forged", "source.offset": "x"}]
)
async def test_dead_letter_of_another_program_can_be_listed_shown_replayed_and_discarded(
    tool: Tool, dead_letter: Write, headers: dict[str, str]
) -> None:
    await dead_letter(b"\x1b]0;k\x07", b"\x1b[2J", headers)
    (offset,) = offsets(tool)  # one line, whatever its content
    for words in (["list"], ["show", offset], ["replay"]):
        output = tool("dead-letters", *words)
        assert output.returncode == 0, output.stderr
        assert "\x1b" not in output.stdout
    (again,) = offsets(tool)
    assert tool("dead-letters", "discard", again).returncode == 0
    assert offsets(tool) == []


async def test_dead_letter_is_listed_and_shown_with_its_reason_and_bytes(
    tool: Tool, dead_letter: Write
) -> None:
    await dead_letter(b"k", b"\x00poison")
    (line,) = tool("dead-letters", "list").stdout.splitlines()
    assert line.endswith("user.events[0]@41  the schema: was unknown")
    shown = tool("dead-letters", "show", line.split()[0]).stdout
    assert "the schema: was unknown" in shown
    assert "00 70 6f 69 73 6f 6e" in shown
    assert ".poison" in shown


async def test_replay_applies_valid_dead_letters_and_keeps_the_rest(
    stack: Addresses, http: ApiClient, tool: Tool, dead_letter: Write
) -> None:
    user = await created(http)
    await eventually(partial(visible, http, user), within=30)
    async with Redis.from_url(stack.redis_url) as redis:
        (key,) = [key async for key in redis.scan_iter(f"users:*:{user['id']}")]
        await redis.delete(key)
    await dead_letter(user["id"].encode(), await record_of(stack, user["id"]))
    await dead_letter(b"k", b"poison")

    output = tool("dead-letters", "replay")
    assert output.stdout == "2 replayed; dead letters now: 1\n", output.stderr
    await visible(http, user)
    (line,) = tool("dead-letters", "list").stdout.splitlines()
    assert line.endswith("user.events[0]@41  not in the Confluent wire format")


async def test_discard_drops_only_the_named_dead_letters(tool: Tool, dead_letter: Write) -> None:
    for value in (b"first", b"second", b"third"):
        await dead_letter(value, value)
    before = offsets(tool)
    assert tool("dead-letters", "discard", before[1]).stdout.startswith("1 discarded")
    kept = [tool("dead-letters", "show", offset).stdout for offset in offsets(tool)]
    assert sorted(text.split("key")[1].split()[0] for text in kept) == ["b'first'", "b'third'"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["dead-letters", "show", "999999"], 1, "no dead letter has the offset 999999"),
        (["dead-letters", "discard", "999999"], 1, "no dead letter has such an offset"),
        (["dead-letters", "burn"], 2, "invalid choice: 'burn'"),
    ],
)
def test_invalid_argument_is_reported_in_one_line(
    tool: Tool, words: Sequence[str], code: int, says: str
) -> None:
    output = tool(*words)
    assert output.returncode == code
    assert says in output.stderr.splitlines()[-1]
    assert not output.stdout
