"""Fetch → handle → advance the offset beside the data → commit; retry while a neighbour is away.

The offset in the store counts; the one committed to Kafka is for tools that show lag.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

import stamina
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import Counter

from chassis.problems import Unavailable
from chassis.stores.errors import kafka as kafka_errors
from chassis.stores.errors.calls import translated
from projections.generations import Directives
from projections.kafka.lag import LAG, LagMonitor
from projections.kafka.topic_identity import TopicIdentity
from projections.projector import Offset, OffsetMoved, Record
from projections.spec import ProjectorSpec

RETRIES = Counter("projector_retries_total", "Batches tried again because a neighbour was away.")
MAX_BATCH = 2000  # records; about 1 MB and 50 ms of decoding, so a rebalance never waits long
POLL = 0.2  # seconds a fetch may wait; how long a drain waits for an idle consumer
COMPARE = 5.0  # seconds between two looks of an idle consumer at its store

log = structlog.get_logger()


class _Abandoned(Exception):
    """The batch is no longer ours, or we are draining; whoever comes next reads it again."""


class KafkaConsumer:
    """Feeds a projector from a topic, as a component.

    On assignment, and when its directives change, it seeks to the offsets in the store (nothing
    stored: the log's start). Paused it fetches nothing and stays a member of its group. During a
    rebalance the running batch ends first, or is dropped when its store is away.
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
        self._log_id = ""  # of the log that is read
        self._lag = LagMonitor(self._consumer, self._log)
        self._batch = asyncio.Lock()
        self._epoch = 0  # one more with every assignment or revocation
        self._synced = 0  # the epoch whose offsets were last read from the store
        self._stored: dict[int, int] = {}
        self._is_draining = False
        self._joining: asyncio.Task[None] | None = None
        self._stopped = asyncio.Event()
        self._away: str | None = None
        self._compared_at = time.monotonic()

    async def ready(self) -> None:
        """Raise with the reason while a neighbour is away; the check for readiness."""
        if self._away is not None:
            raise Unavailable(self._away)

    async def serve(self) -> None:
        # A line per retry by default; failed calls are logged where they fail, less often.
        stamina.instrumentation.set_on_retry_hooks([])
        try:
            await self._start()
            while not self._is_draining:
                await self._turn()
        except _Abandoned:
            log.info("batch abandoned", reason="draining")
        finally:
            await self._consumer.stop()
            self._stopped.set()

    async def drain(self) -> None:
        self._is_draining = True
        if self._joining is not None:
            self._joining.cancel()
        await self._stopped.wait()

    async def _start(self) -> None:
        """Join the group, however long Kafka is away; a drain ends the attempt."""
        self._joining = asyncio.create_task(self._join())
        try:
            await self._joining
        except asyncio.CancelledError:
            if self._is_draining:
                raise _Abandoned from None
            raise
        finally:
            self._joining = None

    async def _join(self) -> None:
        self._consumer.subscribe([self._topic], listener=_Listener(self))
        async for attempt in stamina.retry_context(on=Unavailable, attempts=None, timeout=60):
            with attempt, translated("kafka", "join", kafka_errors.classify):
                await self._consumer.start()

    async def _turn(self) -> None:
        """One fetch and what it brings."""
        epoch = self._epoch
        with translated("kafka", "poll", kafka_errors.classify):
            fetched = await self._consumer.getmany(
                timeout_ms=int(POLL * 1000), max_records=MAX_BATCH
            )
        async with self._batch:
            try:
                is_current = {self._synced, self._epoch} == {epoch}
                if not is_current or await self._directives() != self._obeyed:
                    await self._sync()
                elif fetched:
                    await self._deal_with(fetched)
                else:
                    await self._compare()
            except OffsetMoved as moved:
                log.warning("reading again from the stored offsets", reason=str(moved))
                self._synced = -1
            except _Abandoned:
                if self._is_draining:
                    raise
            await self._lag.look(may_rest=self._is_paused or self._away is not None)

    async def _sync(self) -> None:
        """Take the directives, and seek every partition that is ours to its stored offset."""
        epoch = self._epoch
        ours = self._consumer.assignment()
        numbers = [p.partition for p in ours]

        async def read() -> None:
            directives = await self._directives()
            self._views, self._handle = self._projection.onto(directives)
            self._log_id = await self._log.same()
            self._stored = await self._views.claim(self._log_id, numbers)
            self._obeyed = directives

        await self._persistently(read)
        for partition in ours:
            offset = self._stored[partition.partition]
            if offset:
                self._consumer.seek(partition, offset)
            else:
                await self._consumer.seek_to_beginning(partition)
        if self._is_paused:
            self._consumer.pause(*ours)
        else:
            self._consumer.resume(*ours)
        self._synced = epoch
        log.info("partitions", offsets=self._stored, orders=self._obeyed)

    @property
    def _is_paused(self) -> bool:
        return self._obeyed is not None and self._obeyed.is_paused

    async def _deal_with(self, fetched: Mapping[TopicPartition, Sequence[Any]]) -> None:
        records = [_record(message) for messages in fetched.values() for message in messages]
        moves = {
            tp.partition: (self._stored[tp.partition], messages[-1].offset + 1)
            for tp, messages in fetched.items()
        }

        async def handle_and_advance() -> None:
            await self._handle(records)
            await self._views.advance(self._log_id, moves)

        self._lag.took({tp.partition: len(messages) for tp, messages in fetched.items()})
        try:
            await self._persistently(handle_and_advance)
        finally:
            self._lag.took({})
        self._stored |= {partition: after for partition, (_, after) in moves.items()}
        await self._commit(moves)

    async def _compare(self) -> None:
        """While nothing comes: raise OffsetMoved if the store has lost what it was told."""
        now = time.monotonic()
        if now - self._compared_at < COMPARE:
            return
        self._compared_at = now
        try:
            held = await self._views.offsets(self._log_id, list(self._stored))
        except Unavailable as problem:
            self._away = problem.detail
            RETRIES.inc()
            return
        self._away = None
        if held != self._stored:
            raise OffsetMoved(f"the store holds {held}, not {self._stored}")

    async def _commit(self, moves: Mapping[int, tuple[Offset, int]]) -> None:
        try:
            await self._consumer.commit(
                {TopicPartition(self._topic, p): after for p, (_, after) in moves.items()}
            )
        except KafkaError as error:  # the stored offset counts; the next commit covers this one
            log.info("offset commit failed", reason=type(error).__name__)

    async def _persistently(self, action: Callable[[], Awaitable[None]]) -> None:
        """Repeat action while a neighbour is away; raises _Abandoned when it is ours no longer."""
        epoch = self._epoch
        async for attempt in stamina.retry_context(
            on=Unavailable,
            attempts=None,
            timeout=None,
            wait_initial=0.1,
            wait_jitter=0.1,
            wait_max=5.0,
        ):
            if self._is_draining or self._epoch != epoch:
                raise _Abandoned
            with attempt:
                try:
                    await action()
                except Unavailable as problem:
                    self._away = problem.detail
                    RETRIES.inc()
                    await self._lag.look(may_rest=True)
                    raise
        self._away = None
        self._lag.progressed()

    async def assignment_changes(self) -> None:
        """The partitions are about to change or have changed: wait for the running batch."""
        self._epoch += 1
        async with self._batch:
            LAG.clear()


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka is untyped
    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        await self._consumer.assignment_changes()

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        await self._consumer.assignment_changes()


def _record(message: Any) -> Record:
    return Record(message.topic, message.partition, message.offset, message.key, message.value)
