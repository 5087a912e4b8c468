"""Reader of the connector's schema history, the structure by which it reads a table's rows.

Debezium appends a record for each DDL statement that changed a captured table, with the table as
it is afterwards (`tableChanges`); a restarted connector knows what the topic has. A statement that
it could not parse leaves no record.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from chassis.problems import Unavailable
from chassis.stores.kafka import Brokers
from connector_supervisor.captured_table import Column, known

TIMEOUT = 10.0  # seconds for Kafka to answer


class SchemaHistory:
    """The newest structure of each captured table."""

    def __init__(self, brokers: Brokers, topic: str) -> None:
        self._brokers = brokers
        self._topic = topic
        self._consumer: AIOKafkaConsumer | None = None
        self._tables: dict[str, tuple[Column, ...]] = {}
        self.statements = set[str]()
        """Statements that the connector parsed, whitespace collapsed."""
        self.snapshots = 0
        """Number of table structures that came from a snapshot, not from a statement."""

    def columns(self, table: str) -> tuple[Column, ...] | None:
        """Return the structure of `database.table`; None if the connector knows no such table."""
        return self._tables.get(table)

    async def read(self) -> None:
        """Read on to the end of the topic; raise Unavailable when Kafka does not answer."""
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._read_to_the_end()
        except (KafkaError, TimeoutError, OSError) as error:
            await self.close()
            raise Unavailable(f"kafka: the schema history cannot be read: {error!r}") from error
        except asyncio.CancelledError:
            await self.close()
            raise

    async def close(self) -> None:
        """Release the connection; the next read starts from the topic's beginning."""
        consumer, self._consumer = self._consumer, None
        self._tables.clear()
        self.statements.clear()
        self.snapshots = 0
        if consumer:
            await consumer.stop()

    async def _read_to_the_end(self) -> None:
        consumer = self._consumer or await self._started()
        (partition,) = consumer.assignment()
        ends = await consumer.end_offsets([partition])
        while await consumer.position(partition) < ends[partition]:
            fetched = await consumer.getmany(partition, timeout_ms=500)
            for message in fetched.get(partition, ()):
                self._apply(json.loads(message.value))

    async def _started(self) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(self._topic, **self._brokers.aiokafka(), group_id=None)
        self._consumer = consumer
        await consumer.start()
        for partition, first in (await consumer.beginning_offsets(consumer.assignment())).items():
            consumer.seek(partition, first)
        return consumer

    def _apply(self, record: Mapping[str, Any]) -> None:
        self.statements.add(" ".join((record.get("ddl") or "").split()))
        for change in record.get("tableChanges", ()):
            name = _plain(change["id"])
            if previous := change.get("previousId"):
                self._tables.pop(_plain(previous), None)
            if change.get("table"):
                self._tables[name] = known(change["table"])
                self.snapshots += bool(record.get("position", {}).get("snapshot"))
            elif change["type"] == "DROP":
                self._tables.pop(name, None)


def _plain(identifier: str) -> str:
    """Return `database.table` for Debezium's `"database"."table"`."""
    return ".".join(part.strip('"') for part in identifier.split('"."'))
