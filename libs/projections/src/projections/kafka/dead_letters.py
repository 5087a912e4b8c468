"""Writer of the dead-letter topic: the raw record, with its source and the reason as headers."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from aiokafka import AIOKafkaProducer

from chassis.stores.kafka import Brokers
from chassis.stores.kafka_bounds import bounded
from projections.ports import Record

MAX_REASON = 1000  # characters
# Bytes before compression. Any record of a topic must fit, or it would stop the projector: a topic
# accepts 1 MB after compression, dead-letter topics twice that (infra/kafka/topics.yaml).
MAX_DEAD_LETTER = 64 * 2**20
log = structlog.get_logger()


def dead_letter_producer(brokers: Brokers) -> AIOKafkaProducer:
    """Return a producer for dead letters, not yet started."""
    return AIOKafkaProducer(
        **brokers.aiokafka(),
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        max_request_size=MAX_DEAD_LETTER,
    )


class KafkaDeadLetters:
    """Writes dead letters to their own topic, acknowledged by all replicas.

    The producer is started with the first dead letter: most processes never need it.
    """

    def __init__(self, brokers: Brokers, topic: str, timeout: float = 10.0) -> None:
        self._brokers = brokers
        self._topic = topic
        self._timeout = timeout
        self._producer: AIOKafkaProducer | None = None

    async def put(self, dead_letters: Sequence[tuple[Record, str]]) -> None:
        async with bounded(self._timeout, "dead-letter topic"):
            producer = await self._started()
            sent = [await self._send(producer, *dead_letter) for dead_letter in dead_letters]
            await asyncio.gather(*sent)

    async def close(self) -> None:
        """Stop the producer, if there is one."""
        if self._producer is not None:
            await self._producer.stop()

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = dead_letter_producer(self._brokers)
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer

    async def _send(
        self, producer: AIOKafkaProducer, record: Record, reason: str
    ) -> "asyncio.Future[object]":
        kind = reason.partition(":")[0]  # the rest may quote a name, which logs must not contain
        log.error("dead letter", partition=record.partition, offset=record.offset, reason=kind)
        headers = {
            "reason": reason[:MAX_REASON],
            "source.topic": record.topic,
            "source.partition": str(record.partition),
            "source.offset": str(record.offset),
            "failed_at": datetime.now(UTC).isoformat(),
        }
        sent: asyncio.Future[object] = await producer.send(
            self._topic,
            key=record.key,
            value=record.value,
            headers=[(name, value.encode()) for name, value in headers.items()],
        )
        return sent
