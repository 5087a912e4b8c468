"""The running servers' configuration equals schemas/ and infra/."""

import json
import uuid
from typing import Any

import aiohttp
import pymysql
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from local_stack.addresses import Addresses
from local_stack.layout import AGGREGATES
from tests.support.clients.api_clients import ApiClient, as_root
from tests.support.schemas.changes import ALLOWED, FORBIDDEN, RENAMED
from tests.support.schemas.evolution import objections
from user_contracts import avro_schema

pytestmark = pytest.mark.e2e


async def registry(stack: Addresses, path: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(stack.registry_url + path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json(content_type=None)


async def test_the_registered_schema_is_the_contract(stack: Addresses, http: ApiClient) -> None:
    first = await http.create("Schema", "Bearer")  # the first event registers it
    await http.get(first["id"], min_version=1)
    registered = await registry(stack, "/subjects/user.events-value/versions/latest")
    assert json.loads(registered["schema"]) == avro_schema()


async def test_the_registry_refuses_incompatible_versions(stack: Addresses) -> None:
    rule = await registry(stack, "/config/user.events-value?defaultToGlobal=true")
    assert rule["compatibilityLevel"] == "FULL_TRANSITIVE"
    incompatible = avro_schema() | {"fields": [{"name": "other", "type": "string"}]}
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{stack.registry_url}/subjects/user.events-value/versions",
            json={"schema": json.dumps(incompatible)},
        ) as answer,
    ):
        assert answer.status == 409


async def test_registry_and_our_gate_agree(stack: Addresses) -> None:
    changes = {change.name: change.made() for change in (*ALLOWED, *FORBIDDEN, RENAMED)}
    subject = f"gate-{uuid.uuid4()}-value"  # under the rule for all subjects
    refused = set()
    async with aiohttp.ClientSession(stack.registry_url + "/") as session:
        first = {"schema": json.dumps(avro_schema())}
        async with session.post(f"subjects/{subject}/versions", json=first) as answer:
            assert answer.status == 200, await answer.text()
        for name, schema in changes.items():
            body = {"schema": json.dumps(schema)}
            path = f"compatibility/subjects/{subject}/versions"
            async with session.post(path, json=body) as answer:
                if not (await answer.json(content_type=None))["is_compatible"]:
                    refused.add(name)
        await session.delete(f"subjects/{subject}")
    assert refused == {change.name for change in FORBIDDEN}
    ours = {name for name, schema in changes.items() if objections([avro_schema(), schema])}
    assert ours == refused | {RENAMED.name}, "only ours detects a rename"


async def test_the_topic_is_compacted_and_partitioned(stack: Addresses) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    try:
        (topic,) = await admin.describe_topics(["user.events"])
        resource = ConfigResource(ConfigResourceType.TOPIC, "user.events")
        (described,) = await admin.describe_configs([resource])
    finally:
        await admin.close()
    assert len(topic["partitions"]) == 4
    settings = {entry[0]: entry[1] for entry in described.resources[0][4]}
    assert settings["cleanup.policy"] == "compact"


def grants(stack: Addresses, user: str) -> set[str]:
    with pymysql.connect(**as_root(stack)) as connection:
        cursor = connection.cursor()
        cursor.execute(f"SHOW GRANTS FOR `{user}`@`%`")
        return {row[0].split(" TO ")[0] for row in cursor.fetchall()}


def test_each_database_user_has_minimal_privileges(stack: Addresses) -> None:
    assert grants(stack, "command_api") == {
        "GRANT USAGE ON *.*",
        "GRANT SELECT, INSERT, DELETE ON `users`.`user_event`",
        "GRANT SELECT, INSERT, DELETE ON `users`.`command_result`",
    }
    assert grants(stack, "auditor") == {
        "GRANT USAGE ON *.*",
        "GRANT SELECT ON `users`.`user_event`",
    }
    databases = ["users", *(aggregate.database for aggregate in AGGREGATES)]
    assert grants(stack, "debezium") == {
        "GRANT RELOAD, SHOW DATABASES, REPLICATION SLAVE, REPLICATION CLIENT ON *.*",
        *(f"GRANT SELECT ON `{database}`.*" for database in databases),
    }
    assert {grant.split(" ON ")[1] for grant in grants(stack, "migrator")} == {
        "*.*",
        *(f"`{database}`.*" for database in databases),
    }
    assert "GRANT USAGE ON *.*" in grants(stack, "migrator")
