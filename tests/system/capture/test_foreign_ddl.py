"""Foreign DDL does not affect capture: hundreds of statements, and users' events are published."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chassis.testing import eventually
from local_stack.addresses import Addresses
from new_aggregate import ROOT
from tests.chaos.harness import topic
from tests.support.capture import ddl_page
from tests.support.capture.ddl_aggregates import FIELDS, of_new_aggregates
from tests.support.capture.ddl_cleaning import cleaned
from tests.support.capture.ddl_corpus import (
    Keywords,
    Statement,
    of_charsets,
    of_files,
    of_keywords,
    of_lengths,
)
from tests.support.capture.ddl_log import LogMark, not_parsed, unparsed
from tests.support.capture.ddl_runs import Run, Server
from tests.support.clients.api_clients import ApiClient
from tests.support.stack.survival import created, visible

pytestmark = pytest.mark.e2e
OTHER, OURS = "foreign_ddl", "users"
STATEMENTS_OF_FILES = 600  # at least
KEYWORDS = ROOT / "infra" / "new_aggregate" / "tests" / "mysql-keywords.txt"


@dataclass(frozen=True, slots=True)
class Measured:
    """Results of the corpus, and a user created after it."""

    keywords: Keywords
    other: list[Run]
    ours: list[Run]
    skipped: list[Run]
    """Runs in the other database that Debezium could not parse."""
    user: dict[str, Any]
    topic_before: dict[int, int]
    restarts: tuple[float, float]
    """Restarts by the supervisor, before and after."""
    connector: dict[str, Any]


@pytest.fixture(scope="module")
def server(stack: Addresses) -> Iterator[Server]:
    found = Server(stack)
    yield found
    found.close()


@pytest.fixture(scope="module")
async def measured(stack: Addresses, http: ApiClient, server: Server) -> AsyncIterator[Measured]:
    tables = {name for (name,) in server.rows(f"SHOW TABLES IN {OURS}")}
    log = LogMark.at_the_end_of(Path(stack.home) / "log" / "connect.log")
    before = await topic.ends(stack)
    restarts = await restarted(stack)
    keywords: Keywords = server.rows("SELECT word, reserved FROM information_schema.keywords")
    await asyncio.to_thread(_prepared, server, tables)
    try:
        other = await asyncio.to_thread(_carried_out, server, OTHER, corpus(keywords))
        ours = await asyncio.to_thread(_carried_out, server, OURS, corpus(keywords, 20))
        user = await created(http)
        await published(stack, http, user)
        yield Measured(
            keywords,
            other,
            ours,
            not_parsed(server, other, unparsed(log.since())),
            user,
            before,
            (restarts, await restarted(stack)),
            await connector(stack),
        )
    finally:
        await asyncio.to_thread(_prepared, server, tables)
        server.rows(f"DROP DATABASE IF EXISTS {OTHER}")


async def published(stack: Addresses, http: ApiClient, user: dict[str, Any]) -> None:
    """Return when the user is in both views; else AssertionError with the connector's state."""
    try:
        await eventually(partial(visible, http, user), within=60, every=0.5)
    except AssertionError as error:
        raise AssertionError(await connector(stack)) from error


def corpus(keywords: Keywords, together: int = 1) -> list[Statement]:
    """together: number of keyword columns in a table; one at a time takes longest."""
    made = [
        *of_charsets(),
        *of_lengths(),
        *of_keywords(keywords, together),
        *of_new_aggregates(keywords),
    ]
    return of_files() + made


def _prepared(server: Server, tables: set[str]) -> None:
    """Remove what an interrupted run has left, and create the other database."""
    server.rows(f"DROP DATABASE IF EXISTS {OTHER}")
    cleaned(server, OURS, keep=tables)
    server.rows(f"CREATE DATABASE {OTHER}")


def _carried_out(server: Server, database: str, statements: list[Statement]) -> list[Run]:
    return list(server.carry_out(database, statements))


async def connector(stack: Addresses) -> dict[str, Any]:
    url = f"{stack.connect_url}/connectors/user-events/status"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        found: dict[str, Any] = await response.json()
        return found


async def restarted(stack: Addresses) -> float:
    """Return the supervisor's number of restarts."""
    url = f"{stack.admin['connector-supervisor']}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        lines = (await response.text()).splitlines()
    (line,) = [line for line in lines if line.startswith("connector_restarts_total")]
    return float(line.split()[1])


@pytest.mark.parametrize("database", ["other", "ours"])
def test_the_server_accepts_every_statement_that_is_not_listed_as_refused(
    measured: Measured, database: str
) -> None:
    runs: list[Run] = getattr(measured, database)
    wrong = [(run.statement, run.detail) for run in runs if not run.is_as_listed]
    assert wrong == []
    written_down = set(of_files())
    accepted = [run for run in runs if run.error is None and run.statement in written_down]
    assert len(accepted) >= STATEMENTS_OF_FILES


async def test_capture_continues_without_a_restart(stack: Addresses, measured: Measured) -> None:
    """The newest user is in both views: the fixture has waited for that."""
    states = [measured.connector["connector"], *measured.connector["tasks"]]
    assert [one["state"] for one in states] == ["RUNNING", "RUNNING"]
    assert measured.restarts[0] == measured.restarts[1]
    events = [one.event for one in await topic.messages(stack, measured.topic_before) if one.event]
    assert measured.user["id"] in {event["user_id"] for event in events}


def test_statements_that_the_parser_lacks_are_in_the_corpus(measured: Measured) -> None:
    """Without them the tests above would not show that they do no harm."""
    skipped = {run.statement.text for run in measured.skipped}
    assert "CREATE TABLE manual (id INT)" in skipped
    assert len(skipped) >= 50


def test_a_generated_migration_is_parsed_whatever_its_fields_are_called(measured: Measured) -> None:
    migrations = [run for run in measured.other if run.statement.kind == "new-aggregate"]
    text = " ".join(run.statement.text for run in migrations)
    assert all(f"`{word}`" in text for word in ("url", "manual", "uri", "status", "comment"))
    assert len(migrations) > 400 / FIELDS
    assert [run for run in measured.skipped if run in migrations] == []


def test_keyword_files_of_new_aggregate_equal_the_server_s(
    measured: Measured,
) -> None:
    """`new-aggregate` refuses the reserved ones, and its own tests read the words from files."""
    words = {word for word, _ in measured.keywords}
    assert set(KEYWORDS.read_text("utf-8").split("\n", 1)[1].split()) == words
    reserved = (ROOT / "infra" / "new_aggregate" / "reserved" / "mysql.txt").read_text("utf-8")
    assert set(reserved.split("\n", 1)[1].split()) == {w for w, is_so in measured.keywords if is_so}


async def test_the_connector_starts_again_from_its_schema_history(
    stack: Addresses, http: ApiClient, measured: Measured
) -> None:
    try:
        await direct(stack, "stop")
        await eventually(partial(tasks_are, stack, []), within=30)
    finally:
        await direct(stack, "resume")
    await eventually(partial(tasks_are, stack, ["RUNNING"]), within=30)
    user = await created(http)
    await eventually(partial(visible, http, user), within=60, every=0.5)


async def direct(stack: Addresses, order: str) -> None:
    url = f"{stack.connect_url}/connectors/user-events/{order}"
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as session, session.put(url) as response:
        assert response.ok


async def tasks_are(stack: Addresses, states: list[str]) -> None:
    tasks = (await connector(stack))["tasks"]
    assert [task["state"] for task in tasks] == states


def test_foreign_ddl_page_has_the_measured_results(
    stack: Addresses, server: Server, measured: Measured
) -> None:
    ((mysql,),) = server.rows("SELECT VERSION()")
    debezium = measured.connector["connector"]["version"]
    page = ddl_page.rendered(measured.other, measured.skipped, mysql, debezium)
    if not ddl_page.is_same(ddl_page.PAGE.read_text("utf-8"), page):
        expected = ROOT / ".local" / "foreign-ddl.md"
        expected.write_text(page, "utf-8")
        pytest.fail(f"docs/foreign-ddl.md differs from what was measured; take {expected}")
