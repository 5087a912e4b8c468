"""Which log a topic's name stands for: one that is made anew under the same name is another."""

import asyncio

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from chassis.kafka_connections import Brokers
from chassis.problems import Unavailable

WITHIN = 5.0  # seconds


class KafkaLog:
    """A topic as it is now. Not aiokafka's business: its metadata has no topic ids (KIP-516)."""

    def __init__(self, brokers: Brokers, topic: str) -> None:
        self._topic = topic
        self._admin = AdminClient(brokers.librdkafka())

    async def id(self) -> str:
        """The topic's own id; raises Unavailable when Kafka is away or has no such topic."""
        topics = TopicCollection([self._topic])
        try:
            described = self._admin.describe_topics(topics, request_timeout=WITHIN)
            return str((await asyncio.wrap_future(described[self._topic])).topic_id)
        except KafkaException as error:
            raise Unavailable(f"kafka: {error.args[0].str()}") from error
