import json
from pathlib import Path

import pytest

from platform_setup import INFRA, SetupError
from platform_setup.connector import states
from platform_setup.mysql_users import statements
from platform_setup.topics import read, refuse_other_partitions

TOPICS = INFRA / "kafka" / "topics.yaml"


def test_the_number_of_partitions_of_user_events_is_a_setting() -> None:
    by_name = {topic.name: topic.partitions for topic in read(TOPICS, None)}
    assert by_name["user.events"] == 4
    by_name = {topic.name: topic.partitions for topic in read(TOPICS, 12)}
    assert by_name["user.events"] == 12
    assert by_name["cdc.signals"] == 1


def test_a_topic_with_other_partitions_is_refused_and_a_missing_one_is_not() -> None:
    wanted = read(TOPICS, None)
    refuse_other_partitions(wanted, {"user.events": 4, "somebody.elses": 9})
    with pytest.raises(SetupError, match=r"user\.events has 3 partitions, 4 are asked for"):
        refuse_other_partitions(wanted, {"user.events": 3})


def test_a_script_falls_into_statements_without_its_comments() -> None:
    script = "-- one; two\nCREATE DATABASE a;\n\n-- three\nGRANT x\n    TO y;\n"
    assert statements(script) == ["CREATE DATABASE a", "GRANT x\n    TO y;"]


def test_nobody_but_the_migrator_is_granted_anything_on_the_tables() -> None:
    grants = [
        one for one in statements((INFRA / "mysql" / "users.sql").read_text()) if "GRANT" in one
    ]
    assert [one for one in grants if "users.*" in one and "'migrator'" not in one] == []
    assert not any("command_api" in one for one in grants)


def test_the_connector_is_read_from_its_status_with_the_cause_of_a_failure() -> None:
    trace = "ConnectException: it broke\n\tat x\nCaused by: SQLException: access denied\n\tat y"
    status = {
        "connector": {"state": "RUNNING"},
        "tasks": [{"id": 0, "state": "FAILED", "trace": trace}],
    }
    assert states(status) == {
        "connector": ("RUNNING", ""),
        "task 0": ("FAILED", "Caused by: SQLException: access denied"),
    }


def test_a_connector_without_a_task_is_not_running_yet() -> None:
    assert states({"connector": {"state": "RUNNING"}, "tasks": []}) == {}


def test_the_connector_refers_only_to_variables_the_worker_hands_out() -> None:
    config = (INFRA / "connect" / "user-events.json").read_text()
    worker = (INFRA / "connect" / "worker.properties").read_text()
    allowed = worker.rsplit("allowlist.pattern=", 1)[1].strip().split("|")
    used = {part.split("}")[0] for part in config.split("${env:")[1:]}
    assert used == set(allowed)


def test_the_idempotency_columns_are_not_published() -> None:
    config = json.loads(Path(INFRA / "connect" / "user-events.json").read_text())
    assert config["column.exclude.list"].split(",") == [
        "users.user_event.idempotency_key",
        "users.user_event.request_hash",
    ]
