"""The MySQL settings that capture depends on.

Sources: Debezium's documentation, "Setting up MySQL" (binary log, row format, full row image,
GTIDs), and MySQL's manual, "Binary Logging Options and Variables" and "Replication and Global
Transaction Identifiers". Pure: values in, findings out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

KEPT = 604_800  # seconds: docs/runbook.md and docs/recovery.md promise seven days of binary log


@dataclass(frozen=True, slots=True)
class Requirement:
    """A setting, the values that capture accepts, and the effect of another value."""

    name: str
    required: str
    accepts: Callable[[str], bool]
    effect: str
    loses_events: bool = False
    """Whether the connector silently skips rows written under another value."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A setting with a value that capture does not accept."""

    requirement: Requirement
    value: str

    def __str__(self) -> str:
        need = self.requirement
        return f"{need.name} is {self.value or 'empty'}, not {need.required}: {need.effect}"


def _one_of(*values: str) -> Callable[[str], bool]:
    return lambda value: value.upper() in values


def _is_long_enough(value: str) -> bool:
    return value == "0" or (value.isdigit() and int(value) >= KEPT)


UNSEEN = "rows are written that the connector cannot see"
DURABLE = "a crash of the server may lose or invent events that were acknowledged"
REQUIREMENTS = (
    Requirement("log_bin", "ON", _one_of("ON", "1"), "there is no binary log", loses_events=True),
    Requirement("binlog_format", "ROW", _one_of("ROW"), UNSEEN, loses_events=True),
    Requirement(
        "binlog_row_image",
        "FULL",
        _one_of("FULL"),
        "the connector fails for good at the next delete, with the row unpublished",
        loses_events=True,
    ),
    Requirement(
        "binlog_row_value_options",
        "empty",
        _one_of(""),
        "updates of JSON columns are written in parts, which the connector cannot read",
        loses_events=True,
    ),
    Requirement("gtid_mode", "ON", _one_of("ON"), "a replay cannot be requested"),
    Requirement(
        "enforce_gtid_consistency", "ON", _one_of("ON", "1"), "transactions without GTID may follow"
    ),
    Requirement("server_id", "1 or more", lambda value: value != "0", "no replica may connect"),
    Requirement("sync_binlog", "1", _one_of("1"), DURABLE),
    Requirement("innodb_flush_log_at_trx_commit", "1", _one_of("1"), DURABLE),
    Requirement(
        "binlog_expire_logs_seconds",
        f"0 (never) or at least {KEPT}",
        _is_long_enough,
        "a connector that is down for less than the promised seven days needs a new snapshot",
    ),
    # Columns of SHOW BINARY LOG STATUS; options of the server's start, not variables.
    Requirement("binlog_do_db", "empty", _one_of(""), UNSEEN, loses_events=True),
    Requirement("binlog_ignore_db", "empty", _one_of(""), UNSEEN, loses_events=True),
)
NAMES = tuple(requirement.name for requirement in REQUIREMENTS)


def findings(values: Mapping[str, str]) -> list[Finding]:
    """Settings that endanger capture; a setting that the server does not have is left out."""
    return [
        Finding(requirement, values[requirement.name])
        for requirement in REQUIREMENTS
        if requirement.name in values and not requirement.accepts(values[requirement.name])
    ]
