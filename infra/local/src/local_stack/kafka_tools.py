"""Kafka's command-line tools, run against an instance's broker."""

import os

from local_stack import StackError
from local_stack.addresses import Addresses
from local_stack.software import Software

# The name of each bin/kafka-….sh in a distribution of Kafka → the class it runs.
TOOLS = {
    "configs": "kafka.admin.ConfigCommand",
    "console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "delete-records": "org.apache.kafka.tools.DeleteRecordsCommand",
    "topics": "org.apache.kafka.tools.TopicCommand",
}


def run(software: Software, addresses: Addresses, tool: str, options: list[str]) -> None:
    """Replace this process by the tool; raise StackError if no tool has that name."""
    if tool not in TOOLS:
        raise StackError(f"no tool {tool!r}; known tools: {', '.join(TOOLS)}")
    java, *jvm = software.java("128m")
    broker = ["--bootstrap-server", addresses.kafka_bootstrap]
    command = [java, *jvm, "-cp", f"{software.kafka}/*", TOOLS[tool], *broker, *options]
    os.execv(java, command)  # noqa: S606  no shell is wanted
