"""The six servers and the connector, a module each: start command and first start.

Configuration that holds everywhere is in infra/<server>/; here are ports and folders.
"""

from local_stack.programs import Context, Program
from local_stack.servers import connector, kafka, mysql, opensearch, prometheus, redis, registry


def servers(context: Context) -> list[Program]:
    """Return the servers in start order."""
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
