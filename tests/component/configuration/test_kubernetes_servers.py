"""Servers of infra/k8s: the same images and settings as in the rest of the repository."""

import re
from typing import Any

import pytest
import yaml

from tests.support.kubernetes.manifests import OVERLAYS, ROOT, container, of_kind

TOPICS: dict[str, Any] = yaml.safe_load((ROOT / "infra/kafka/topics.yaml").read_text())
# Set by MySQL's operator itself, or smaller on a laptop than elsewhere.
NOT_IN_PRODUCTION = {
    "server-id",
    "log-bin",
    "gtid-mode",
    "enforce-gtid-consistency",
    "performance-schema",
    "innodb-buffer-pool-size",
    "mysqlx",
}


def kafka(overlay: str) -> dict[str, Any]:
    spec: dict[str, Any] = of_kind(overlay, "Kafka")["people"]["spec"]["kafka"]
    return spec


def connect(overlay: str) -> dict[str, Any]:
    spec: dict[str, Any] = of_kind(overlay, "KafkaConnect")["debezium"]["spec"]
    return spec


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_connect_worker_has_the_same_configuration_as_elsewhere(overlay: str) -> None:
    lines = (ROOT / "infra/connect/worker.properties").read_text().splitlines()
    wanted = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    # The first two are Strimzi's; the third would not find the image's converters.
    for name in ("key.converter", "value.converter", "plugin.discovery"):
        del wanted[name]
    spec = connect(overlay)
    configured = {name: str(value) for name, value in spec["config"].items()}
    configured["group.id"] = spec["groupId"]
    configured |= {
        f"{t}.storage.topic": spec[f"{t}StorageTopic"] for t in ("config", "offset", "status")
    }
    by_size = {f"{topic}.storage.replication.factor" for topic in ("config", "offset", "status")}
    allowed = "config.providers.env.param.allowlist.pattern"
    assert set(configured) == set(wanted)
    assert (
        configured[allowed].removesuffix("|KAFKA_LOGIN|MYSQL_TRUSTSTORE_PASSWORD")
        == wanted[allowed]
    )
    differing = {name for name in wanted if configured[name] != wanted[name]} - {allowed}
    assert differing == (by_size if overlay == "production" else set())


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_connector_s_variables_reach_the_worker(overlay: str) -> None:
    spec = connect(overlay)
    allowed = spec["config"]["config.providers.env.param.allowlist.pattern"].split("|")
    given = {one["name"] for one in spec["template"]["connectContainer"]["env"]}
    used = set(re.findall(r"\$\{env:(\w+)\}", str(of_kind(overlay, "KafkaConnector"))))
    assert used == given == set(allowed)


def test_production_has_three_replicas_and_requires_two_acknowledgements() -> None:
    config = kafka("production")["config"]
    assert of_kind("production", "KafkaNodePool")["brokers"]["spec"]["replicas"] == 3
    assert {v for k, v in config.items() if k.endswith("replication.factor")} == {3}
    assert {v for k, v in config.items() if k.endswith(("min.isr", "insync.replicas"))} == {2}
    topics = container(of_kind("production", "Job")["topics"])
    configured = {one["name"]: one["value"] for one in topics["env"]}
    assert configured["SETUP_KAFKA_REPLICATION_FACTOR"] == "3"
    assert "SETUP_KAFKA_USER_EVENTS_PARTITIONS" not in configured
    assert of_kind("production", "InnoDBCluster")["mysql"]["spec"]["instances"] == 3
    assert of_kind("production", "RedisCluster")["redis"]["spec"]["clusterSize"] == 3
    (nodes,) = of_kind("production", "OpenSearchCluster")["opensearch"]["spec"]["nodePools"]
    assert nodes["replicas"] == 3


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_only_the_job_creates_topics(overlay: str) -> None:
    assert kafka(overlay)["config"]["auto.create.topics.enable"] is False
    assert "topicOperator" not in str(of_kind(overlay, "Kafka"))


def test_production_mysql_has_the_settings_of_my_cnf() -> None:
    def settings(text: str) -> dict[str, str]:
        return dict(re.findall(r"^([\w-]+) = (\S+)$", text, re.MULTILINE))

    wanted = settings((ROOT / "infra/mysql/my.cnf").read_text())
    configured = settings(of_kind("production", "InnoDBCluster")["mysql"]["spec"]["mycnf"])
    assert wanted.keys() >= NOT_IN_PRODUCTION
    for name in wanted.keys() - NOT_IN_PRODUCTION:
        assert configured[name] == wanted[name], name


def test_redis_has_the_same_configuration_everywhere() -> None:
    cluster = of_kind("production", "RedisCluster")["redis"]["spec"]
    text = (ROOT / "infra/redis/redis.conf").read_text()
    for nodes in ("redisLeader", "redisFollower"):
        name = cluster[nodes]["redisConfig"]["additionalRedisConfig"]
        configured = of_kind("production", "ConfigMap")[name]["data"]["redis-additional.conf"]
        assert configured == text


def test_every_topic_has_a_reader_and_a_writer() -> None:
    users = of_kind("production", "KafkaUser").values()
    acls = [acl for user in users for acl in user["spec"]["authorization"]["acls"]]
    for topic in TOPICS:
        allowed = {
            operation
            for acl in acls
            if acl["resource"]["type"] == "topic" and covers(acl["resource"], topic)
            for operation in acl["operations"]
        }
        assert {"Write", "Create"} <= allowed or topic.endswith("cdc.signals"), topic
        assert "Describe" in allowed, topic


def covers(resource: dict[str, str], topic: str) -> bool:
    if resource["patternType"] == "prefix":
        return topic.startswith(resource["name"])
    return topic == resource["name"]
