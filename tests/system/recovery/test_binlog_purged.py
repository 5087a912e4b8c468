"""The binlog is purged while the connector is down: in the end the views are complete."""

from functools import partial
from pathlib import Path

import pymysql
import pytest

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import ApiClient, as_root
from tests.support.stack.faults import stopped
from tests.support.stack.prometheus import hasty
from tests.support.stack.rebuilding import connector_runs, populated

pytestmark = pytest.mark.e2e


async def test_events_of_a_purged_binlog_are_published_by_a_snapshot(
    stack: Addresses, http: ApiClient, tmp_path: Path
) -> None:
    """T17: an alert fires before it; afterwards the connector takes a snapshot by itself."""
    population = await populated(http, living=6)
    async with hasty(stack, tmp_path) as prometheus, stopped("connect"):
        for user in population.living[::2]:
            user.update(await http.rename(user["id"], "Unread"))
        gone = population.living.pop()
        await http.delete(gone["id"])
        purge(stack)

        async def is_reported() -> None:
            assert ("ConnectorDown", "connector-supervisor") in await prometheus.firing()

        await eventually(is_reported, within=60, every=0.5)
    await eventually(lambda: connector_runs(stack), within=120, every=1)
    population = type(population)(population.living, gone["id"])
    await eventually(partial(population.is_visible_through, http), within=60, every=0.5)


def purge(stack: Addresses) -> None:
    """Purge the binlog, except for an empty file that the next event is written to."""
    with pymysql.connect(**as_root(stack)) as connection, connection.cursor() as cursor:
        cursor.execute("FLUSH BINARY LOGS")
        cursor.execute("SHOW BINARY LOGS")
        newest = cursor.fetchall()[-1][0]
        cursor.execute(f"PURGE BINARY LOGS TO '{newest}'")
