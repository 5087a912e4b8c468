"""The six servers and the connector, a module each: how it starts, what its first start needs.

What a server must be told wherever it runs is in infra/<server>/; here are ports and folders.
"""

from local_stack.programs import Context, Program
from local_stack.servers import connector, kafka, mysql, opensearch, prometheus, redis, registry


def servers(context: Context) -> list[Program]:
    """In the order of their start."""
    return [
        mysql.program(context),
        *redis.programs(context),
        *kafka.brokers(context),
        *opensearch.programs(context),
        registry.program(context),
        kafka.connect(context),
        connector.supervisor(context),
        prometheus.program(context),
    ]
