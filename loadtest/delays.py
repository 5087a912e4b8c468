"""Delay of an event at each stop: from the command's clock to Kafka, a consumer, the view.

After `make up`. All clocks are this machine's.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

import uvloop
from aiokafka import AIOKafkaConsumer

from chassis.process.interrupts import interruptible
from chassis.stores.kafka import Brokers
from loadtest import freshness, report
from loadtest.catch_up import TOPIC
from local_stack.addresses import Addresses, load
from projections.kafka.avro import AvroDecoder, RegistrySchemas
from user_contracts import avro_schema, user_event


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds at each stop, one value for each event."""

    to_kafka: list[float] = field(default_factory=list)
    to_consumer: list[float] = field(default_factory=list)


@asynccontextmanager
async def watched(stack: Addresses) -> AsyncIterator[Waits]:
    """Consume the topic while the block runs, configured as the projectors are."""
    decode = AvroDecoder(RegistrySchemas(stack.registry_url), avro_schema())
    consumer = AIOKafkaConsumer(
        TOPIC,
        **Brokers(stack.kafka_bootstrap).aiokafka(),
        group_id=None,
        auto_offset_reset="latest",
        isolation_level="read_committed",
    )
    waits = Waits()

    async def watch() -> None:
        async for message in consumer:
            await _note(message, time.time(), decode, waits)

    await consumer.start()
    watching = asyncio.create_task(watch())
    try:
        yield waits
    finally:
        watching.cancel()
        await consumer.stop()


async def _note(message: Any, now: float, decode: AvroDecoder, waits: Waits) -> None:
    if message.value is not None:
        event = user_event.read(await decode(message.value))
        produced = message.timestamp / 1000
        waits.to_kafka.append(produced - event.occurred_at.timestamp())
        waits.to_consumer.append(now - produced)


async def measure(stack: Addresses, rate: int, seconds: int) -> dict[str, list[float]]:
    """Return stops, and seconds at each."""
    async with watched(stack) as waits:
        run = await freshness.measure(stack, rate, seconds)
    return {
        "command → Kafka's record: INSERT, commit, binlog, Debezium": waits.to_kafka,
        "record → a consumer: Connect's transaction, fetch": waits.to_consumer,
    } | run.rows()


def page(stops: dict[str, list[float]], rate: int, seconds: int, now: datetime) -> str:
    """Return the result as a table."""
    lines = [
        report.heading("Delay of an event by stop", now),
        "",
        f"{rate} creates per second for {seconds} s. Milliseconds.",
        "",
        "| | p50 | p95 | p99 |",
        "|---|---|---|---|",
    ]
    for what, times in stops.items():
        cuts = quantiles(times, n=100)
        lines.append(
            f"| {what} | " + " | ".join(f"{1000 * cuts[n]:.0f}" for n in (49, 94, 98)) + " |"
        )
    return "\n".join([*lines, ""])


@interruptible()
def main() -> None:
    """Measure, print, and save the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--instance", default="dev")
    wanted = parser.parse_args()
    now = datetime.now(UTC)
    stops = uvloop.run(measure(load(wanted.instance), wanted.rate, wanted.seconds))
    text = page(stops, wanted.rate, wanted.seconds, now)
    print(text)
    results = Path(__file__).parent / "results"
    (results / f"delays-{now:%Y-%m-%d}-{wanted.rate}.md").write_text(text)


if __name__ == "__main__":
    main()
