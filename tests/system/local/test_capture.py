"""Capture continues whatever DDL the server executes, and reports what it cannot read (C1, C2)."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import aiohttp
import pytest

from chassis.testing import eventually
from connector_supervisor.mysql_source import MySQLSource
from local_stack.addresses import Addresses
from tests.support.capture.capture_faults import executed, unsafe_setting
from tests.support.capture.own_connector import OwnConnector, own_connector
from tests.support.clients.api_clients import ApiClient
from tests.support.stack.rebuilding import connector_runs
from tests.support.stack.survival import created, visible

pytestmark = pytest.mark.e2e
DETECTED_WITHIN = 50  # seconds: a minute, but two checks are 2 s here and 10 s as shipped
OTHER = "other_database"
FOREIGN = [
    "CREATE TABLE w (id INT PRIMARY KEY, url VARCHAR(200))",
    "CREATE TABLE v (id INT PRIMARY KEY, manual INT, must INT GENERATED ALWAYS AS (id * 2) STORED)",
    "ALTER TABLE w ADD COLUMN manual TEXT, ADD INDEX url (url)",
    "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM w WHERE url IS NULL",
    "CREATE PROCEDURE p() BEGIN DECLARE url INT; SELECT 1 INTO url; END",
]
SPELLINGS = [
    *(
        "INTEGER UNSIGNED",
        "INT1",
        "INT2",
        "MIDDLEINT",
        "INT4",
        "INT8",
        "BOOL",
        "BOOLEAN",
        "TINYINT(1)",
    ),
    *("DEC(8,2)", "NUMERIC(8,2)", "FIXED(8,2)", "FLOAT", "FLOAT(53)", "REAL", "DOUBLE PRECISION"),
    *(
        "CHARACTER(5)",
        "NCHAR(5)",
        "NATIONAL CHAR(5)",
        "CHARACTER VARYING(5)",
        "NVARCHAR(5)",
        "VARBINARY(5)",
    ),
    *(
        "TEXT(200)",
        "MEDIUMTEXT",
        "BLOB(200)",
        "LONGBLOB",
        "LONG VARCHAR",
        "ENUM('a','it''s')",
        "SET('b','c')",
    ),
    *(
        "JSON",
        "DATE",
        "TIME(3)",
        "DATETIME(3)",
        "TIMESTAMP(3)",
        "YEAR",
        "BIT(5)",
        "POINT",
        "GEOMETRY",
    ),
    *(
        "CHAR(5) CHARACTER SET latin1",
        "VARCHAR(5) CHARACTER SET utf8mb3",
        "TEXT CHARACTER SET binary",
    ),
]
SWAP = "ALTER TABLE thing_event MODIFY last_name VARCHAR(100) NULL AFTER {}, {} INDEX url"


@pytest.fixture(scope="module")
async def own(
    stack: Addresses, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OwnConnector]:
    async with own_connector(stack, tmp_path_factory.mktemp("connector")) as running:
        yield running


async def settled(own: OwnConnector) -> None:
    await eventually(own.runs, within=120, every=0.5)


async def test_ddl_in_another_database_does_not_stop_capture(
    stack: Addresses, http: ApiClient
) -> None:
    executed(stack, f"CREATE DATABASE {OTHER}")
    try:
        executed(stack, f"USE {OTHER}", *FOREIGN)
        user = await created(http)
        await eventually(partial(visible, http, user), within=30, every=0.5)
        await connector_runs(stack)
    finally:
        executed(stack, f"DROP DATABASE {OTHER}")


async def test_no_row_written_during_a_snapshot_is_skipped(own: OwnConnector) -> None:
    """A row between the snapshot's read view and its binary log position was skipped (3.6.1)."""
    resnapshotting = asyncio.create_task(own.resnapshot())
    written = 0
    while not resnapshotting.done():
        await asyncio.to_thread(own.insert, f"during-{written}")
        written += 1
    await resnapshotting
    own.insert("behind")
    await eventually(partial(own.newest, "behind", {"version": 1}), within=60, every=0.5)
    assert written > 3
    there = await own.keys()
    assert not {f"during-{n}" for n in range(written)} - there


async def test_unparsed_column_is_reported_and_published_after_a_snapshot(
    own: OwnConnector,
) -> None:
    """The remedy that docs/runbook.md documents for CapturedTableMismatch."""
    statement = "ALTER TABLE thing_event ADD COLUMN url VARCHAR(200) NULL"
    own.sql(statement)
    own.insert("refused", first_name="Ann", url="here")
    await eventually(
        lambda: own.reports(statement, "unknown column url", "task 0 is FAILED"),
        within=DETECTED_WITHIN,
        every=0.5,
    )
    await own.resnapshot()
    await settled(own)
    own.insert("after", first_name="Eve", url="there")
    for thing, url in (("refused", "here"), ("after", "there")):
        await eventually(partial(own.newest, thing, {"url": url}), within=30, every=0.5)


async def test_columns_in_another_order_pause_the_connector_until_a_snapshot(
    own: OwnConnector,
) -> None:
    """With the same number of columns Debezium would publish values under wrong names."""
    own.sql(SWAP.format("version", "ADD") + " (version)")
    await eventually(
        lambda: own.reports("PAUSED", "order of columns"), within=DETECTED_WITHIN, every=0.5
    )
    own.insert("ordered", first_name="Ann", last_name="Lee")
    await own.resnapshot()
    await settled(own)
    right = {"first_name": "Ann", "last_name": "Lee"}
    await eventually(partial(own.newest, "ordered", right), within=30, every=0.5)
    assert all((one or right)["first_name"] == "Ann" for one in await own.published("ordered"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("binlog_row_image", "NOBLOB"),
        ("binlog_row_value_options", "PARTIAL_JSON"),
        ("binlog_format", "MIXED"),
        ("binlog_expire_logs_seconds", "3600"),
        ("sync_binlog", "0"),
    ],
)
async def test_unsafe_setting_is_reported_within_a_minute(
    stack: Addresses, own: OwnConnector, name: str, value: str
) -> None:
    async with unsafe_setting(stack, name, value):
        await eventually(
            lambda: own.reports(f"{name} is {value}"), within=DETECTED_WITHIN, every=0.5
        )
    await settled(own)


async def test_skipped_deletion_is_repaired_by_a_replay(
    stack: Addresses, own: OwnConnector
) -> None:
    """Reported before the loss; the row stops the connector; altered offsets skip it."""
    own.insert("erased", first_name="Ann")
    await eventually(partial(own.newest, "erased", {"version": 1}), within=30, every=0.5)
    async with unsafe_setting(stack, "binlog_row_image", "MINIMAL"):
        await eventually(
            lambda: own.reports("binlog_row_image is MINIMAL"), within=DETECTED_WITHIN, every=0.5
        )
        own.sql("DELETE FROM thing_event WHERE thing_id = 'erased'")
        own.insert("erased", version=2)
        await eventually(
            lambda: own.reports("task 0 is FAILED", "has 2 values"),
            within=DETECTED_WITHIN,
            every=0.5,
        )
    own.insert("erased", version=3)
    await step_over(own)
    await settled(own)
    await eventually(partial(own.newest, "erased", {"version": 3}), within=60, every=0.5)


async def step_over(own: OwnConnector) -> None:
    """Alter the offsets by hand, to the end of the binary log."""
    async with MySQLSource(own.settings).session() as mysql:
        end = await mysql.position()
    assert end
    url = f"{own.settings.connect_url}/connectors/{own.settings.connector}"
    json = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(headers=json, raise_for_status=True) as session:
        await session.put(f"{url}/stop")

        async def stopped() -> None:
            answer = await (await session.get(f"{url}/status")).json()
            assert not answer["tasks"]

        await eventually(stopped, within=60)
        offset = {"ts_sec": 1, "file": end.file, "pos": end.offset, "gtids": end.gtids}
        altered = {"partition": {"server": "things-cdc"}, "offset": offset}
        await session.patch(f"{url}/offsets", json={"offsets": [altered]})
        await session.put(f"{url}/resume")


async def test_statement_that_the_connector_parses_is_no_mismatch(own: OwnConnector) -> None:
    """Cover every spelling of a type, in the connector's history and in information_schema.

    The last test: for some types a snapshot registers another Avro type than the binary log.
    """
    columns = [f"ADD COLUMN parsed{n} {type_} NULL" for n, type_ in enumerate(SPELLINGS)]
    columns.append("ADD COLUMN `manual` INT NULL")
    own.sql(f"ALTER TABLE thing_event {', '.join(columns)}")
    own.insert("parsed", parsed0="7")
    await eventually(partial(own.newest, "parsed", {"parsed0": 7}), within=30, every=0.5)
    await own.checked()
    assert await own.failures() == {}
