"""Production's Kafka users have the permissions that their programs need, and no others.

On a broker with an authorizer: the registry, Connect with the connector, platform-setup and
redis-projector run as in infra/k8s/overlays/production. search-projector's ACLs are those of
redis-projector under another name.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from chassis.stores.kafka import brokers
from chassis.testing import eventually
from connector_supervisor.kafka_connect import Connector
from local_stack import stack as local_stack
from platform_setup import topics
from tests.support.kubernetes import production, production_servers
from tests.support.kubernetes.production import Cluster
from tests.support.stack.background import process
from tests.support.stack.free_ports import unused
from tests.support.stack.measured import MEASURED
from tests.support.stores import kafka_over_tls, mysql_over_tls
from tests.support.stores.mysql_over_tls import PASSWORD, Server

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.filterwarnings("ignore:'(db|passwd)' is deprecated"),  # yoyo's words to pymysql
]
USER = "01890000-0000-7000-8000-00000000000{}"
NOT_AVRO = "not in the Confluent wire format"
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class System:
    kafka: Cluster
    mysql: Server
    connector: Connector
    projector: dict[str, str]
    """Settings of redis-projector."""
    verifier: dict[str, str]
    """Settings of view-verifier."""

    def client(self, user: str) -> dict[str, object]:
        return brokers(
            kafka_over_tls.settings(self.kafka.bootstrap, self.kafka.folder, user)
        ).aiokafka()

    async def tool(self, *words: str) -> str:
        """Return the output of redis-projector's command; raise AssertionError if it fails."""
        return await printed("redis-projector", *words, environment=self.projector)

    async def verified(self) -> str:
        """Return view-verifier's output for redis-projector's view; AssertionError at drift."""
        return await printed("view-verifier", "redis-projector", environment=self.verifier)


async def printed(program: str, *words: str, environment: dict[str, str]) -> str:
    command = await asyncio.create_subprocess_exec(
        BIN / program,
        *words,
        env=environment | MEASURED,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(command.communicate(), 60)
    assert command.returncode == 0, output.decode()
    return output.decode()


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    (port,) = unused(1)
    server = local_stack.fetch().unpacked("usr/bin/redis-server")
    command = [*server, "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    folder = tmp_path_factory.mktemp("redis")
    with process(folder / "log", [*command, "--dir", str(folder)]):
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture(scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory, redis: str) -> AsyncIterator[System]:
    """Set up an empty Kafka, up to an event in the view of redis-projector, which keeps running."""
    folder = tmp_path_factory.mktemp("kafka")
    async with (
        mysql_over_tls.served(tmp_path_factory.mktemp("mysql")) as mysql,
        production.cluster(folder) as kafka,
    ):
        make_topics(kafka)
        assert mysql.ca
        trusted = mysql_over_tls.truststore(mysql.ca)
        async with (
            production_servers.registry(kafka) as registry,
            production_servers.connect(kafka, mysql, registry, trusted) as (url, config),
            aiohttp.ClientSession() as session,
        ):
            connector = Connector(session, url, "user-events")
            await connector.put(config)
            projector = settings_of_projector(kafka, registry, redis)
            command = [str(BIN / "redis-projector")]
            with process(folder / "projector.log", command, projector):
                system = System(kafka, mysql, connector, projector, told_verifier(mysql, redis))
                mysql.put_event(USER.format(1))
                await eventually(lambda: view_is_complete(system), within=60, every=0.5)
                yield system


def make_topics(kafka: Cluster) -> None:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in kafka.environment("SETUP", "kafka-setup").items():
            environment.setenv(name, value)
        topics.run()
        topics.run()  # a second run reads the existing topics


def settings_of_projector(kafka: Cluster, registry: str, redis: str) -> dict[str, str]:
    own = {
        "ADMIN_PORT": str(unused(1)[0]),
        "REDIS_URL": redis,
        "REGISTRY_URL": f"{registry}/apis/ccompat/v7",
    }
    return kafka.environment("REDIS_PROJECTOR", "kafka-redis-projector") | {
        f"REDIS_PROJECTOR_{name}": value for name, value in own.items()
    }


def told_verifier(mysql: Server, redis: str) -> dict[str, str]:
    return {
        "VIEW_VERIFIER_REDIS_URL": redis,
        "VIEW_VERIFIER_MYSQL_HOST": mysql.host,
        "VIEW_VERIFIER_MYSQL_PORT": str(mysql.port),
        "VIEW_VERIFIER_MYSQL_PASSWORD": PASSWORD,
        "VIEW_VERIFIER_MYSQL_CA_FILE": str(mysql.ca),
    }


async def view_is_complete(system: System) -> None:
    assert "1 users" in await system.verified()


async def test_the_connector_and_its_task_run(system: System) -> None:
    assert {part.state for part in await system.connector.parts()} == {"RUNNING"}


async def test_a_view_is_rebuilt(system: System) -> None:
    assert "serves" in await system.tool("rebuild")
    await view_is_complete(system)


async def test_dead_letter_is_written_shown_and_discarded(system: System) -> None:
    async with AIOKafkaProducer(**system.client(kafka_over_tls.ADMIN)) as producer:
        await producer.send_and_wait("user.events", b"not Avro", USER.format(2).encode())

    async def put_aside() -> None:
        assert NOT_AVRO in await system.tool("dead-letters", "list")

    await eventually(put_aside, within=60, every=0.5)
    assert "not Avro" in await system.tool("dead-letters", "show", "0")
    await system.tool("dead-letters", "discard", "0")
    assert NOT_AVRO not in await system.tool("dead-letters", "list")


async def test_keda_reads_the_lag(system: System) -> None:
    admin = AIOKafkaAdminClient(**system.client("kafka-keda"))
    await admin.start()
    committed = await admin.list_consumer_group_offsets("redis-projector")
    await admin.close()
    consumer = AIOKafkaConsumer(**system.client("kafka-keda"))
    await consumer.start()
    ends = await consumer.end_offsets([TopicPartition("user.events", p) for p in range(4)])
    await consumer.stop()
    assert sum(ends.values()) >= sum(place.offset for place in committed.values()) > 0


async def test_the_console_reads_the_topic(system: System) -> None:
    assert await first_of(system, "kafka-console", "user.events") in {
        USER.format(number).encode() for number in (1, 2)
    }


async def test_erasure_ledger_reads_the_topic(system: System, tmp_path: Path) -> None:
    """A restore reads it in the same way, as the same user."""
    settings = system.kafka.environment("SETUP_ERASURES", "kafka-recovery")
    settings["SETUP_ERASURES_LEDGER"] = str(tmp_path / "users")
    settings["SETUP_ERASURES_REGISTRY_URL"] = system.projector["REDIS_PROJECTOR_REGISTRY_URL"]
    copied = await printed("platform-setup", "erasures", environment=settings)
    assert "added 0" in copied
    assert "offsets" in (tmp_path / "users.places").read_text()


async def first_of(system: System, user: str, topic: str) -> bytes | None:
    """Return the key of a record; raise KafkaError if the user may not read it."""
    consumer = AIOKafkaConsumer(topic, **system.client(user), auto_offset_reset="earliest")
    try:
        await consumer.start()
        record = await asyncio.wait_for(consumer.getone(), 30)
        key: bytes | None = record.key
        return key
    finally:
        await consumer.stop()


@pytest.mark.parametrize("user", sorted(production.rights().keys() - {"kafka-connect"}))
async def test_only_connect_may_write_events(system: System, user: str) -> None:
    async with AIOKafkaProducer(**system.client(user)) as producer:
        with pytest.raises(KafkaError, match="Authorization"):
            await asyncio.wait_for(producer.send_and_wait("user.events", b"forged"), 30)


@pytest.mark.parametrize("user", ["kafka-redis-projector", "kafka-console", "kafka-keda"])
async def test_only_connect_reads_the_connector_s_configuration(system: System, user: str) -> None:
    with pytest.raises(KafkaError, match="Authorization"):
        await first_of(system, user, "connect-configs")


def test_search_projector_may_do_what_redis_projector_may() -> None:
    rights = production.rights()
    same = str(rights["kafka-redis-projector"]).replace("redis-projector", "search-projector")
    assert str(rights["kafka-search-projector"]) == same
