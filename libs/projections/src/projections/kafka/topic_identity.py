"""Identity of a topic: a topic recreated under the same name has another id."""

import asyncio

from confluent_kafka import TopicCollection
from confluent_kafka.admin import AdminClient

from chassis.stores.errors import librdkafka
from chassis.stores.errors.calls import translated
from chassis.stores.kafka import Brokers

TIMEOUT = 5.0  # seconds


class LogReplaced(Exception):
    """The topic was recreated: stored offsets and schema ids of the old one are void."""

    is_safe_to_log = True


class TopicIdentity:
    """The id of a topic, read by librdkafka: aiokafka's metadata has no topic ids (KIP-516)."""

    def __init__(self, brokers: Brokers, topic: str) -> None:
        self._topic = topic
        self._admin = AdminClient(brokers.librdkafka())
        self._first: str | None = None

    async def id(self) -> str:
        """Return the topic's id; raises Unavailable if Kafka is down or has no such topic."""
        topics = TopicCollection([self._topic])
        with translated("kafka", "topic id", librdkafka.classify):
            described = self._admin.describe_topics(topics, request_timeout=TIMEOUT)
            return str((await asyncio.wrap_future(described[self._topic])).topic_id)

    async def same(self) -> str:
        """Return the id, the same as at the first call; raises LogReplaced, Unavailable."""
        log_id = await self.id()
        if self._first not in {None, log_id}:
            raise LogReplaced(f"topic {self._topic} was recreated: its id is now {log_id}")
        self._first = log_id
        return log_id
