"""MySQL is lost, and the topic is incomplete or lost, too: gaps are marked, no user is revived."""

import asyncio
import os
import subprocess
from functools import partial
from pathlib import Path

import pymysql
import pytest
import yaml
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.admin.records_to_delete import RecordsToDelete

from chassis.testing import eventually
from local_stack import backup
from local_stack import stack as local_stack
from local_stack.addresses import Addresses
from local_stack.layout import INFRA
from tests.chaos.harness import stores, topic
from tests.support.clients.api_clients import Answer, ApiClient, as_root
from tests.support.stack.faults import stopped
from tests.support.stack.operator_cli import verifier
from tests.support.stack.rebuilding import LOCAL_STACK
from tests.support.stack.survival import created, visible
from tests.support.stores import mysql_lost, seeded_drift

pytestmark = pytest.mark.e2e
SETUP = LOCAL_STACK.with_name("platform-setup")
CONFIG: dict[str, str] = yaml.safe_load((INFRA / "kafka" / "topics.yaml").read_text())[topic.TOPIC][
    "config"
]
TIMEOUT = 120.0


async def test_versions_missing_on_the_topic_are_marked(
    stack: Addresses, http: ApiClient, tmp_path: Path
) -> None:
    dump = tmp_path / "events.sql"
    async with stopped("canary"):  # its users would be in neither store
        user = await created(http)
        backup.save(local_stack.fetch(), stack, dump)
        for number in range(3):
            user = await http.rename(user["id"], f"Later{number}")
        await eventually(partial(visible, http, user), within=TIMEOUT, every=0.5)
        await forget(stack, user)
        await mysql_lost.destroyed(stack)
        await mysql_lost.replaced(stack)
        report = await asyncio.to_thread(backup.restore, stack, dump)
    assert "gaps: 2 versions of 1 keys, listed in user_event_gap\n" in report
    assert "possible loss: commands acknowledged after 20" in report
    assert stores.marked_gaps(stack)[user["id"]] == {2, 3}
    assert [event["version"] for event in await http.history(user["id"])] == [1, 4]
    user = await http.rename(user["id"], "Restored", expected=4)
    assert user["version"] == 5
    await eventually(partial(visible, http, user), within=TIMEOUT, every=0.5)
    for projector in ("redis-projector", "search-projector"):
        output = await verifier(stack).done(projector, "--patience", "5")
        assert seeded_drift.planted_in(output) == {}


async def forget(stack: Addresses, user: Answer) -> None:
    """Remove the user's older events from the topic; compaction alone takes a day."""
    messages = await topic.messages(stack, dict.fromkeys(topic.PARTITIONS, 0))
    newest = next(
        message
        for message in messages
        if message.event and (message.event["user_id"], message.event["version"]) == (user["id"], 4)
    )
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    try:
        await _policy(admin, "compact,delete")
        before = RecordsToDelete(newest.offset)
        await admin.delete_records({TopicPartition(topic.TOPIC, newest.partition): before})
        await _policy(admin, "compact")
    finally:
        await admin.close()


async def empty_topic(stack: Addresses) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic("lost.events", 1, 1)])
    finally:
        await admin.close()
    return "lost.events"


async def _policy(admin: AIOKafkaAdminClient, policy: str) -> None:
    config = CONFIG | {"cleanup.policy": policy}  # omitted settings are reset
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.TOPIC, config)])


async def test_ledger_keeps_users_erased_without_the_topic(
    stack: Addresses, http: ApiClient, tmp_path: Path
) -> None:
    """The first restore is of a system without its topic; the second one has it again."""
    dump, ledger = tmp_path / "events.sql", tmp_path / "erasures"
    kept, erased = await created(http), await created(http)
    await http.rename(erased["id"], "Second")
    backup.save(local_stack.fetch(), stack, dump)
    await http.delete(erased["id"])

    async def is_in_the_ledger() -> None:
        await asyncio.to_thread(copy_erasures, stack, ledger)
        assert erased["id"] in ledger.read_text()

    await eventually(is_in_the_ledger, within=TIMEOUT, every=1)
    assert "Second" not in ledger.read_text()
    copied = ledger.read_text()
    copy_erasures(stack, ledger)
    assert ledger.read_text().startswith(copied), "it continues at its end"

    await mysql_lost.destroyed(stack)
    await mysql_lost.replaced(stack)
    lost = {"SETUP_RESTORE_TOPIC": await empty_topic(stack)}
    environment = backup.restoring(stack) | lost
    done = await asyncio.to_thread(setup, environment, "restore", dump, f"--erased={ledger}")
    assert "possible loss: everything since the dump: lost.events has no events\n" in done
    assert rows(stack, erased["id"]) == [(3, "UserDeleted", None)]
    assert rows(stack, kept["id"]) == [(1, "UserCreated", kept["first_name"])]

    await mysql_lost.destroyed(stack)
    await mysql_lost.replaced(stack)
    await asyncio.to_thread(backup.restore, stack, dump)
    assert rows(stack, erased["id"]) == [(3, "UserDeleted", None)]
    await eventually(partial(visible, http, kept), within=TIMEOUT, every=0.5)


def copy_erasures(stack: Addresses, ledger: Path) -> None:
    settings = {
        "LEDGER": str(ledger),
        "KAFKA_BOOTSTRAP": stack.kafka_bootstrap,
        "REGISTRY_URL": stack.registry_url,
    }
    setup({f"SETUP_ERASURES_{name}": value for name, value in settings.items()}, "erasures")


def setup(environment: dict[str, str], *words: object) -> str:
    """Run `platform-setup WORDS…`; return its output."""
    done = subprocess.run(
        [SETUP, *map(str, words)],
        env={"PATH": os.defpath} | environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(stack: Addresses, user: str) -> list[tuple[int, str, str | None]]:
    query = "SELECT version, type, first_name FROM user_event WHERE user_id = %s ORDER BY version"
    connection = pymysql.connect(**as_root(stack), database=stack.mysql_database)
    with connection, connection.cursor() as cursor:
        cursor.execute(query, (user,))
        return list(cursor.fetchall())
