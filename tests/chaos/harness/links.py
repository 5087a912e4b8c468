"""Connections of the second replicas to their stores and to Kafka, each through its own proxy."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from local_stack import bootstrap
from local_stack.addresses import HOST, Addresses
from local_stack.layout import ONE_OF_EACH, Instance
from local_stack.programs import Program
from tests.chaos.harness.proxy import FAIR, Link, Weather
from tests.support.clients.api_clients import split

FIRST_PORT = 9501  # before the instance's offset
NAMES = (
    "command-api to mysql",
    "query-api to redis",
    "redis-projector to redis",
    "search-projector to opensearch",
    "search-api to opensearch",
    "projectors to kafka",
)
PROXIED = 9510  # the broker's second listener, whose clients connect through the proxy


class Links:
    """All links, while `open` runs; without faults unless a block injects some."""

    def __init__(self, stack: Addresses, instance: Instance) -> None:
        # Clients of a cluster learn the nodes' own addresses, which bypass a proxy.
        self._are_used = instance.form == ONE_OF_EACH
        redis = split(stack.redis_nodes[0].removeprefix("redis://"))
        opensearch = split(stack.opensearch_url.removeprefix("http://"))
        self._listener = (HOST, PROXIED + instance.port_offset)
        targets = [(stack.mysql_host, stack.mysql_port), redis, redis, opensearch, opensearch]
        first = FIRST_PORT + instance.port_offset
        self.by_name = {
            name: Link(first + number, target)
            for number, (name, target) in enumerate(
                zip(NAMES, [*targets, self._listener], strict=True)
            )
        }

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for link in self.by_name.values():
                await stack.enter_async_context(link.open())
            yield

    @asynccontextmanager
    async def under(self, weather: Weather, names: Sequence[str]) -> AsyncIterator[None]:
        """Apply faults to these links while the block runs."""
        for name in names:
            self.by_name[name].turn(weather)
        try:
            yield
        finally:
            for name in names:
                self.by_name[name].turn(FAIR)

    def settings(self, service: str) -> dict[str, str]:
        """Return the settings that route a service's second replica through the proxies."""
        if not self._are_used:
            return {}
        port = {name: link.port for name, link in self.by_name.items()}
        kafka = f"{HOST}:{port['projectors to kafka']}"
        return {
            "command-api": {"MYSQL_PORT": str(port["command-api to mysql"])},
            "query-api": {"REDIS_URL": f"redis://{HOST}:{port['query-api to redis']}/0"},
            "search-api": {"OPENSEARCH_URL": f"http://{HOST}:{port['search-api to opensearch']}"},
            "redis-projector": {
                "REDIS_URL": f"redis://{HOST}:{port['redis-projector to redis']}/0",
                "KAFKA_BOOTSTRAP": kafka,
            },
            "search-projector": {
                "OPENSEARCH_URL": f"http://{HOST}:{port['search-projector to opensearch']}",
                "KAFKA_BOOTSTRAP": kafka,
            },
        }[service]

    def broker(self, kafka: Program) -> Program:
        """Return the broker with a listener for clients that connect through the proxy."""
        if not self._are_used:
            return kafka
        *command, config = kafka.command
        known = dict(
            line.split("=", 1) for line in Path(config).read_text().splitlines() if "=" in line
        )
        advertised = f"PROXIED://{HOST}:{self.by_name['projectors to kafka'].port}"
        listener = f"PROXIED://{':'.join(map(str, self._listener))}"
        proxied = bootstrap.properties(
            Path(config).with_name("kafka-proxied.properties"),
            Path(config),
            {
                "listeners": f"{known['listeners']},{listener}",
                "advertised.listeners": f"{known['advertised.listeners']},{advertised}",
                "listener.security.protocol.map": "PROXIED:PLAINTEXT,"
                + known["listener.security.protocol.map"],
            },
        )
        return replace(kafka, command=[*command, str(proxied)])
