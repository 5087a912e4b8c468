"""Capacity model: partitions, processes, gigabytes and nodes for a load, from measured unit rates.

python -m loadtest.capacity_model [TIMES …] [--users N]: tables as in docs/scaling.md, which cites
where each constant was measured. The model multiplies; what it cannot know (a network, other disks,
other machines) is in HEADROOM.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

HEADROOM = 0.6  # of the measured rate; the other 0.4 are for a failure, a rebuild, a peak


@dataclass(frozen=True, slots=True)
class Load:
    """Rates per second, and totals."""

    creates: int = 1_000
    reads: int = 10_000
    searches: int = 100
    users: int = 1_000_000

    def times(self, factor: int) -> "Load":
        """Return a multiple of the load, with the same number of users."""
        return Load(self.creates * factor, self.reads * factor, self.searches * factor, self.users)


@dataclass(frozen=True, slots=True)
class One:
    """Rates per second of one process or server, on one core of the machine of docs/scaling.md."""

    command_api: int = 5_400
    query_api: int = 17_000
    search_api: int = 700
    redis_projector: int = 23_000
    search_projector: int = 16_000
    mysql: int = 10_000
    """Events committed: groups of 64, each an fsync of the binlog and one of the table."""
    debezium: int = 9_600
    """Events read from one binlog and published."""
    redis: int = 300_000
    opensearch_searches: int = 700


@dataclass(frozen=True, slots=True)
class User:
    """Bytes of a user without changes, in each server, one copy."""

    mysql: int = 570
    binlog: int = 130
    kafka: int = 100
    redis: int = 717
    opensearch: int = 276


@dataclass(frozen=True, slots=True)
class Needs:
    """Resources for the load; replicas for failover are not counted."""

    command_apis: int
    query_apis: int
    search_apis: int
    connectors: int
    """Debezium connectors, each with its own MySQL."""
    partitions: int
    redis_projectors: int
    search_projectors: int
    redis_masters: int
    opensearch_shards: int
    redis_gb: float
    mysql_gb: float
    kafka_gb: float
    opensearch_gb: float
    binlog_gb_a_day: float


MASTER_GB = 48  # of one Redis master: sixteen of them hold a billion users
SHARD_GB = 30  # of one OpenSearch shard; its vendor recommends 10 to 50 GB
GB = 1e9


def needs(load: Load, one: One, user: User) -> Needs:
    """Return the minimum of each that carries the load at HEADROOM."""
    redis_gb = load.users * user.redis / GB
    opensearch_gb = load.users * user.opensearch / GB
    redis_projectors = count(load.creates, one.redis_projector)
    search_projectors = count(load.creates, one.search_projector)
    # A read makes two Redis calls, a create writes once.
    redis_calls = 2 * load.reads + load.creates
    return Needs(
        command_apis=count(load.creates, one.command_api),
        query_apis=count(load.reads, one.query_api),
        search_apis=count(load.searches, one.search_api),
        connectors=count(load.creates, min(one.debezium, one.mysql)),
        partitions=max(4, redis_projectors, search_projectors),
        redis_projectors=redis_projectors,
        search_projectors=search_projectors,
        redis_masters=max(count(redis_calls, one.redis), ceil(redis_gb / MASTER_GB)),
        opensearch_shards=max(
            count(load.searches, one.opensearch_searches), ceil(opensearch_gb / SHARD_GB)
        ),
        redis_gb=redis_gb,
        mysql_gb=load.users * user.mysql / GB,
        kafka_gb=load.users * user.kafka / GB,
        opensearch_gb=opensearch_gb,
        binlog_gb_a_day=load.creates * 86_400 * user.binlog / GB,
    )


def count(wanted: int, each: int) -> int:
    """Return the number of units with this rate, at HEADROOM."""
    return max(1, ceil(wanted / (HEADROOM * each)))


def table(loads: Sequence[tuple[str, Load]]) -> str:
    """Return a table with a column for each load."""
    found = [needs(load, One(), User()) for _, load in loads]
    head = "| | " + " | ".join(name for name, _ in loads) + " |"
    rows = [
        f"| {label} | " + " | ".join(shown(getattr(one, name)) for one in found) + " |"
        for name, label in LABELS.items()
    ]
    return "\n".join([head, "|---" * (len(loads) + 1) + "|", *rows])


def shown(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


LABELS = {
    "command_apis": "command-api, processes",
    "query_apis": "query-api, processes",
    "search_apis": "search-api, processes",
    "connectors": "MySQL and Debezium, one each",
    "partitions": "partitions of `user.events`",
    "redis_projectors": "redis-projector, processes",
    "search_projectors": "search-projector, processes",
    "redis_masters": "masters of Redis",
    "opensearch_shards": "shards of OpenSearch",
    "redis_gb": "Redis, GB of memory",
    "mysql_gb": "MySQL, GB of events",
    "kafka_gb": "Kafka, GB of one copy, compacted",
    "opensearch_gb": "OpenSearch, GB of one copy",
    "binlog_gb_a_day": "binlog, GB a day",
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("times", nargs="*", type=int, default=[1, 10, 100, 1000])
    parser.add_argument("--users", type=int, default=Load().users)
    wanted = parser.parse_args()
    today = Load(users=wanted.users)
    print(table([(f"{times} times", today.times(times)) for times in wanted.times]))


if __name__ == "__main__":
    main()
