"""Kafka consumer: poll, handle, advance the stored offset, commit; retry during outages.

The offset in the store is authoritative; the one committed to Kafka is for tools that show lag.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import stamina
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chassis.problems import Unavailable
from chassis.stores.errors import kafka as kafka_errors
from chassis.stores.errors.calls import translated
from projections.generations import Directives
from projections.kafka.group_member import GroupMember
from projections.kafka.lag import LagMonitor
from projections.kafka.retries import Abandoned, DependencyRetries
from projections.kafka.stored_offsets import Moves, StoredOffsets
from projections.kafka.topic_identity import TopicIdentity
from projections.ports import OffsetMoved, Record
from projections.spec import ProjectorSpec

MAX_BATCH = 2000  # records; about 1 MB and 50 ms of decoding, so a rebalance never waits long
POLL = 0.2  # seconds of a poll; the delay of a drain of an idle consumer
# Small batches cost a store several times as much for each event. So after a batch the consumer
# waits a millisecond for each of its records: nothing is noticeable at 50 events a second, and at
# 5,000 it takes a hundred at a time. It does not wait while it catches up.
LINGER = 0.025  # seconds at most
CATCHES_UP = 500  # records of a batch
COMPARE = 5.0  # seconds between two checks of the stored offsets by an idle consumer

log = structlog.get_logger()


class KafkaConsumer:
    """Component that feeds a projector from a topic.

    On assignment, and when its directives change, it seeks to the stored offsets (none stored: the
    start of the log). While paused it fetches nothing and stays in its consumer group. A rebalance
    waits for the running batch, which is abandoned if its store is unavailable.
    """

    name = "kafka"

    def __init__(
        self, projection: ProjectorSpec, directives: Callable[[], Awaitable[Directives]]
    ) -> None:
        self._topic = projection.topic
        self._projection = projection
        self._directives = directives
        self._obeyed: Directives | None = None
        self._consumer = AIOKafkaConsumer(
            **projection.brokers.aiokafka(),
            group_id=projection.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=3_000,
        )
        self._log = TopicIdentity(projection.brokers, projection.topic)
        self._lag = LagMonitor(self._consumer, self._log)
        self._retries = DependencyRetries(self._lag)
        self._member = GroupMember(self._consumer, projection.topic)
        self._offsets = StoredOffsets()
        self._synced = 0  # the epoch whose offsets were last read from the store
        self._is_draining = False
        self._stopped = asyncio.Event()
        self._compared_at = time.monotonic()
        self._taken = 0  # records of the last batch

    async def ready(self) -> None:
        """Raise Unavailable with the reason while a dependency is down; the readiness check."""
        if self._retries.reason is not None:
            raise Unavailable(self._retries.reason)

    async def serve(self) -> None:
        # The default logs a line per retry; failed calls are logged elsewhere, rate-limited.
        stamina.instrumentation.set_on_retry_hooks([])
        try:
            await self._start()
            while not self._is_draining:
                await self._turn()
        except Abandoned:
            log.info("batch abandoned", reason="draining")
        finally:
            await self._consumer.stop()
            self._stopped.set()

    async def drain(self) -> None:
        self._is_draining = True
        self._member.give_up()
        await self._stopped.wait()

    async def _start(self) -> None:
        """Join the group, retrying until Kafka is available; a drain ends the attempt."""
        try:
            await self._member.join(self._retries.failed)
        except asyncio.CancelledError:
            if self._is_draining:
                raise Abandoned from None
            raise

    async def _turn(self) -> None:
        """Poll once, and process the result."""
        epoch = self._member.epoch
        if linger := linger_after(self._taken):
            await asyncio.sleep(linger)
        with translated("kafka", "poll", kafka_errors.classify):
            fetched = await self._consumer.getmany(
                timeout_ms=int(POLL * 1000), max_records=MAX_BATCH
            )
        self._taken = sum(map(len, fetched.values()))
        async with self._member.batch:
            try:
                is_current = {self._synced, self._member.epoch} == {epoch}
                if not is_current or await self._directives() != self._obeyed:
                    await self._sync()
                elif fetched:
                    await self._deal_with(fetched)
                else:
                    await self._compare()
            except OffsetMoved as moved:
                log.warning("stored offsets moved", reason=str(moved))
                self._synced = -1
            except Abandoned:
                if self._is_draining:
                    raise
            await self._lag.poll(may_rest=self._is_paused or self._retries.reason is not None)

    async def _sync(self) -> None:
        """Apply the directives, and seek every assigned partition to its stored offset."""
        epoch = self._member.epoch
        ours = self._consumer.assignment()
        numbers = [p.partition for p in ours]

        async def read() -> None:
            directives = await self._directives()
            views, self._handle = self._projection.onto(directives)
            await self._offsets.claim(views, await self._log.same(), numbers)
            self._obeyed = directives

        await self._persistently(read)
        for partition in ours:
            offset = self._offsets.by_partition[partition.partition]
            if offset:
                self._consumer.seek(partition, offset)
            else:
                await self._consumer.seek_to_beginning(partition)
        if self._is_paused:
            self._consumer.pause(*ours)
        else:
            self._consumer.resume(*ours)
        self._synced = epoch
        log.info(
            "consuming from stored offsets",
            offsets=self._offsets.by_partition,
            directives=self._obeyed,
        )

    @property
    def _is_paused(self) -> bool:
        return self._obeyed is not None and self._obeyed.is_paused

    async def _deal_with(self, fetched: Mapping[TopicPartition, Sequence[Any]]) -> None:
        records = [_record(message) for messages in fetched.values() for message in messages]
        moves = self._offsets.moves(fetched)

        async def handle_and_advance() -> None:
            await self._handle(records)
            await self._offsets.advance(moves)

        self._lag.took({tp.partition: len(messages) for tp, messages in fetched.items()})
        try:
            await self._persistently(handle_and_advance)
        finally:
            self._lag.took({})
        await self._commit(moves)

    async def _compare(self) -> None:
        """While no record arrives: raise OffsetMoved if the store has lost offsets."""
        now = time.monotonic()
        if now - self._compared_at < COMPARE:
            return
        self._compared_at = now
        try:
            held = await self._offsets.held()
        except Unavailable as problem:
            self._retries.failed(problem)
            return
        self._retries.reason = None
        if held != self._offsets.by_partition:
            raise OffsetMoved(f"the store holds {held}, not {self._offsets.by_partition}")

    async def _commit(self, moves: Moves) -> None:
        try:
            await self._consumer.commit(
                {TopicPartition(self._topic, p): after for p, (_, after) in moves.items()}
            )
        except KafkaError as error:
            # The stored offset is authoritative; the next commit covers this one.
            log.info("offset commit failed", reason=type(error).__name__)

    async def _persistently(self, action: Callable[[], Awaitable[None]]) -> None:
        """Repeat action while a dependency is unavailable; raises Abandoned once it is not ours."""
        epoch = self._member.epoch
        await self._retries.until_done(
            action, lambda: not self._is_draining and self._member.epoch == epoch
        )


def linger_after(records: int) -> float:
    """Return the seconds to wait for more records after a batch of this size."""
    return 0.0 if records >= CATCHES_UP else min(records / 1000, LINGER)


def _record(message: Any) -> Record:
    return Record(message.topic, message.partition, message.offset, message.key, message.value)
