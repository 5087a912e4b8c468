"""The six servers and the connector, a module each: how it starts, what its first start needs.

What a server must be told wherever it runs is in infra/<server>/; here are ports and folders.
"""

from local_stack.programs import Program, Site
from local_stack.servers import connector, kafka, mysql, opensearch, prometheus, redis, registry


def servers(site: Site) -> list[Program]:
    """In the order of their start."""
    return [
        mysql.program(site),
        *redis.programs(site),
        *kafka.brokers(site),
        *opensearch.programs(site),
        registry.program(site),
        kafka.connect(site),
        connector.supervisor(site),
        prometheus.program(site),
    ]
