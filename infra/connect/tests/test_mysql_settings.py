"""MySQL settings that capture depends on, and the configuration file that sets them."""

import configparser
from pathlib import Path

import pytest

from connector_supervisor.mysql_settings import KEPT, NAMES, REQUIREMENTS, findings

MY_CNF = Path(__file__).parents[2] / "mysql" / "my.cnf"
SAFE = {
    "log_bin": "ON",
    "binlog_format": "ROW",
    "binlog_row_image": "FULL",
    "binlog_row_value_options": "",
    "gtid_mode": "ON",
    "enforce_gtid_consistency": "ON",
    "server_id": "1",
    "sync_binlog": "1",
    "innodb_flush_log_at_trx_commit": "1",
    "binlog_expire_logs_seconds": "604800",
    "binlog_do_db": "",
    "binlog_ignore_db": "",
}


def test_safe_settings_have_no_findings() -> None:
    assert set(SAFE) == set(NAMES)
    assert not findings(SAFE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("log_bin", "OFF"),
        ("binlog_format", "STATEMENT"),
        ("binlog_format", "MIXED"),
        ("binlog_row_image", "MINIMAL"),
        ("binlog_row_image", "NOBLOB"),
        ("binlog_row_value_options", "PARTIAL_JSON"),
        ("gtid_mode", "ON_PERMISSIVE"),
        ("gtid_mode", "OFF"),
        ("enforce_gtid_consistency", "WARN"),
        ("server_id", "0"),
        ("sync_binlog", "0"),
        ("innodb_flush_log_at_trx_commit", "2"),
        ("binlog_expire_logs_seconds", str(KEPT - 1)),
        ("binlog_do_db", "other"),
        ("binlog_ignore_db", "users"),
    ],
)
def test_unsafe_setting_is_reported_with_its_value_and_the_required_one(
    name: str, value: str
) -> None:
    (found,) = findings(SAFE | {name: value})
    assert str(found).startswith(f"{name} is {value}, not {found.requirement.required}: ")


def test_binary_log_that_never_expires_is_long_enough() -> None:
    assert not findings(SAFE | {"binlog_expire_logs_seconds": "0"})


def test_setting_that_the_server_does_not_have_is_not_reported() -> None:
    assert not findings({"log_bin": "ON"})


def test_the_configuration_file_of_mysql_meets_every_requirement_it_sets() -> None:
    file = configparser.ConfigParser(allow_no_value=True)
    file.read_string(MY_CNF.read_text("utf-8"))
    configured = {name.replace("-", "_"): str(value) for name, value in file["mysqld"].items()}
    configured["log_bin"] = "ON" if "log_bin" in configured else "OFF"
    assert not findings(configured)
    explicit = {one.name for one in REQUIREMENTS} - {"binlog_row_value_options"}
    assert explicit - configured.keys() == {"binlog_do_db", "binlog_ignore_db"}
