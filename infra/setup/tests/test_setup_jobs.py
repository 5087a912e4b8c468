import pytest

from platform_setup import INFRA, SetupError
from platform_setup.mysql_users import statements
from platform_setup.topics import read, refuse_other_partitions

TOPICS = INFRA / "kafka" / "topics.yaml"


def test_the_number_of_partitions_of_user_events_is_a_setting() -> None:
    by_name = {topic.name: topic.partitions for topic in read(TOPICS, None)}
    assert by_name["user.events"] == 4
    by_name = {topic.name: topic.partitions for topic in read(TOPICS, 12)}
    assert by_name["user.events"] == 12
    assert by_name["cdc.signals"] == 1


def test_topic_with_other_partitions_is_rejected_and_a_missing_one_accepted() -> None:
    wanted = read(TOPICS, None)
    refuse_other_partitions(wanted, {"user.events": 4, "somebody.elses": 9})
    with pytest.raises(SetupError, match=r"user\.events has 3 partitions, 4 were requested"):
        refuse_other_partitions(wanted, {"user.events": 3})


def test_script_is_split_into_statements_without_comments() -> None:
    script = "-- one; two\nCREATE DATABASE a;\n\n-- three\nGRANT x\n    TO y;\n"
    assert statements(script) == ["CREATE DATABASE a", "GRANT x\n    TO y;"]


def test_only_migrator_and_debezium_get_grants_and_debezium_only_reads() -> None:
    grants = [
        one for one in statements((INFRA / "mysql" / "users.sql").read_text()) if "GRANT" in one
    ]
    assert [one for one in grants if "users.*" in one and "'migrator'" not in one] == [
        "GRANT SELECT ON users.* TO 'debezium'@'%'"
    ]
    assert not any("command_api" in one for one in grants)
