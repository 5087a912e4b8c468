"""Faults between MySQL and the connector, injected into the test stack and removed again."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pymysql

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import as_root
from tests.support.stack.rebuilding import connector_runs

COLUMN = "url"  # a valid name for MySQL that Debezium's parser rejects (3.6.1)


def executed(stack: Addresses, *statements: str) -> list[tuple[object, ...]]:
    """Execute statements as root; return the rows of the last one."""
    with pymysql.connect(**as_root(stack), autocommit=True) as connection:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


def resnapshot(stack: Addresses) -> str:
    """Run the runbook's command; return its output, raise AssertionError if it fails."""
    done = subprocess.run(
        [Path(sys.executable).parent / "connector-supervisor", "resnapshot"],
        env=stack.environment("connector-supervisor"),
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@asynccontextmanager
async def unsafe_setting(stack: Addresses, name: str, value: str) -> AsyncIterator[None]:
    ((_, before),) = executed(stack, f"SHOW GLOBAL VARIABLES LIKE '{name}'")
    executed(stack, f"SET GLOBAL {name} = {value}")
    try:
        yield
    finally:
        literal = before if str(before).isdigit() else f"'{before}'"
        executed(stack, f"SET GLOBAL {name} = {literal}")
        await eventually(lambda: connector_runs(stack), within=120, every=1)


@asynccontextmanager
async def unparsed_column(stack: Addresses) -> AsyncIterator[str]:
    """Add a column to the captured table by a statement that the connector cannot parse."""
    statement = f"ALTER TABLE users.user_event ADD COLUMN {COLUMN} VARCHAR(200) NULL"
    executed(stack, statement)
    try:
        yield statement
    finally:
        executed(stack, f"ALTER TABLE users.user_event DROP COLUMN {COLUMN}")
        await asyncio.to_thread(resnapshot, stack)
        await eventually(lambda: connector_runs(stack), within=120, every=1)


@asynccontextmanager
async def locked_account(stack: Addresses, user: str) -> AsyncIterator[None]:
    """Reject new sessions of the user; open sessions continue."""
    executed(stack, f"ALTER USER '{user}'@'%' ACCOUNT LOCK")
    try:
        yield
    finally:
        executed(stack, f"ALTER USER '{user}'@'%' ACCOUNT UNLOCK")
        await eventually(lambda: connector_runs(stack), within=120, every=1)
