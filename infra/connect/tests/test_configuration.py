"""The connector's configuration, and the worker's."""

import json
from pathlib import Path

from connector_supervisor.wiring import captured_tables

HERE = Path(__file__).parents[1]


def test_the_connector_refers_only_to_variables_the_worker_hands_out() -> None:
    config = (HERE / "user-events.json").read_text()
    worker = (HERE / "worker.properties").read_text()
    allowed = worker.rsplit("allowlist.pattern=", 1)[1].strip().split("|")
    used = {part.split("}")[0] for part in config.split("${env:")[1:]}
    assert used == set(allowed)


def test_the_idempotency_columns_are_not_published() -> None:
    config = json.loads(Path(HERE / "user-events.json").read_text())
    assert config["column.exclude.list"].split(",") == [
        "users.user_event.idempotency_key",
        "users.user_event.request_hash",
    ]


def test_statements_that_the_parser_lacks_do_not_stop_capture() -> None:
    """Every DDL statement of the server passes the parser, foreign databases included.

    What passes unparsed on the captured table is reported by CapturedTable.
    """
    config = json.loads(Path(HERE / "user-events.json").read_text())
    assert config["schema.history.internal.skip.unparseable.ddl"] == "true"


def test_table_name_that_differs_only_in_case_is_not_captured() -> None:
    """Debezium compares names without case unless the expression requires it.

    Statements on such tables on a real server: tests/system/capture.
    """
    config = json.loads((HERE / "user-events.json").read_text())
    assert config["database.include.list"] == "(?-i)users"
    assert config["table.include.list"] == r"(?-i)users\.user_event"


def test_captured_tables_are_named_without_the_syntax_of_regular_expressions() -> None:
    """The names equal those of MySQL and the schema history."""
    config = json.loads((HERE / "user-events.json").read_text())
    assert captured_tables(config) == ["users.user_event"]
