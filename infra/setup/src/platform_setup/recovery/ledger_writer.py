"""Writer that keeps the ledger of erasures up to date with the topic.

A line is on disk (fsync) before the offset behind it is stored: a crash may repeat lines but never
omits one. Offsets belong to one topic: a topic that was recreated is read from its start.
"""

import asyncio
import json
import os
import signal
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from pydantic import Field

from chassis.pauses import pause
from chassis.problems import Unavailable
from chassis.process.interrupts import cancellable
from chassis.process.settings import load, settings_config
from chassis.stores.kafka import KafkaSettings, brokers
from platform_setup import ServerUnavailable, SetupError
from platform_setup.recovery.published import AT_ONCE, Reader, decoder, opened, poll
from projections.kafka.topic_identity import TopicIdentity

LONGEST = 200  # bytes of a line
PAUSE = 0.5  # seconds between two polls of a few records: no caller waits for the ledger


class Settings(KafkaSettings):
    """Environment variables SETUP_ERASURES_*."""

    model_config = settings_config("SETUP_ERASURES_")

    ledger: Path = Field(description="File of the ledger; its offsets are stored beside it.")
    topic: str = Field("user.events", description="Topic of the events.")
    key: str = Field("user_id", description="Field that is the key of a record.")
    erased_type: str = Field("UserDeleted", description="Event type that erases.")
    registry_url: str = Field(
        "http://127.0.0.1:8081/apis/ccompat/v7",
        description="URL of the schema registry's Confluent-compatible API.",
    )


class Ledger:
    """The file, and the topic's offsets up to which it is complete."""

    def __init__(self, file: Path) -> None:
        """Remove a truncated last line of the file; it is read from the topic again."""
        self._file = file
        self._places = file.with_name(f"{file.name}.places")
        file.touch()
        os.truncate(file, _whole(file))

    def places(self, topic_id: str) -> dict[int, int]:
        """Return partition → next offset; empty for another topic."""
        try:
            kept = json.loads(self._places.read_text())
        except (OSError, ValueError):
            return {}
        offsets = kept["offsets"] if kept["topic_id"] == topic_id else {}
        return {int(partition): offset for partition, offset in offsets.items()}

    def add(self, erasures: Mapping[str, datetime]) -> None:
        """Append; return when the lines are on disk."""
        with self._file.open("a", encoding="ascii") as out:
            out.writelines(f"{key} {at.isoformat()}\n" for key, at in erasures.items())
            out.flush()
            os.fsync(out.fileno())

    def remember(self, topic_id: str, offsets: Mapping[int, int]) -> None:
        part = self._places.with_name(f"{self._places.name}.part")
        part.write_text(json.dumps({"topic_id": topic_id, "offsets": offsets}))
        part.replace(self._places)


def _whole(file: Path) -> int:
    """Return the file's size up to its last complete line; no line is longer than LONGEST."""
    size = file.stat().st_size
    with file.open("rb") as content:
        content.seek(max(0, size - LONGEST))
        tail = content.read()
    return size - len(tail) + tail.rfind(b"\n") + 1


def run(*, follow: bool) -> None:
    """Add the topic's erasures that the ledger lacks; with `follow` until SIGTERM or SIGINT.

    Without it, and before the topic is read, these signals interrupt (chassis.process.interrupts).
    Raises ServerUnavailable when Kafka or the registry is unavailable, SetupError when the file
    cannot be written.
    """
    settings = load(Settings)
    try:
        added = asyncio.run(cancellable(_copy(settings, Ledger(settings.ledger), follow=follow)))
    except (KafkaError, TimeoutError, Unavailable) as error:
        raise ServerUnavailable(f"cannot read {settings.topic}: {error!r}") from error
    except OSError as error:
        raise SetupError(f"{settings.ledger}: {error.strerror}") from error
    print(f"erasures: added {added} to {settings.ledger}")


async def _copy(settings: Settings, ledger: Ledger, *, follow: bool) -> int:
    added, decode = 0, None
    topic_id = await TopicIdentity(brokers(settings), settings.topic).id()
    columns = {settings.key: "char", "type": "varchar", "occurred_at": "datetime"}
    async with opened(brokers(settings), settings.topic) as consumer:
        _seek(consumer, ledger.places(topic_id))
        ends = await consumer.end_offsets(consumer.assignment())
        is_over = _end_requested() if follow else asyncio.Event()
        while not is_over.is_set():
            if records := await poll(consumer):
                decode = decode or decoder(settings.registry_url, settings.topic)
                erasures = await _erasures(Reader(decode, settings.key, columns), records, settings)
                if erasures:
                    ledger.add(erasures)
                    added += len(erasures)
                ledger.remember(topic_id, await _positions(consumer))
                if follow and len(records) < AT_ONCE:
                    await pause(PAUSE, is_over)
            elif not follow and not [p for p, e in ends.items() if await consumer.position(p) < e]:
                break
    return added


def _end_requested() -> asyncio.Event:
    is_over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, is_over.set)
    return is_over


def _seek(consumer: AIOKafkaConsumer, places: Mapping[int, int]) -> None:
    for partition in consumer.assignment():
        if partition.partition in places:
            consumer.seek(partition, places[partition.partition])


async def _positions(consumer: AIOKafkaConsumer) -> dict[int, int]:
    return {p.partition: await consumer.position(p) for p in consumer.assignment()}


async def _erasures(
    reader: Reader, records: Sequence[Any], settings: Settings
) -> dict[str, datetime]:
    """Return tombstones and markers: compaction removes only tombstones, after a week.

    Avro has texts verbatim, so an event without the type's bytes is not decoded. An event after a
    tombstone of its key is: it ends the erasure.
    """
    removed = {record.key for record in records if record.value is None}
    kind = settings.erased_type.encode()
    batch = await reader.batch(
        [r for r in records if r.value is None or kind in r.value or r.key in removed]
    )
    markers = {
        str(event[settings.key]): event["occurred_at"].replace(tzinfo=UTC)
        for event in batch.events
        if event["type"] == settings.erased_type
    }
    return batch.removed | markers
