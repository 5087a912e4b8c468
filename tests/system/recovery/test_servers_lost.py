"""Servers lose their data: the system recovers completely from MySQL, or from its dump."""

from functools import partial
from pathlib import Path

import pytest

from chassis.testing import eventually
from local_stack import StackError, backup
from local_stack import stack as local_stack
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import ApiClient
from tests.support.stack.rebuilding import down, dropped_from_views, populated, up
from tests.support.stack.survival import created, visible

pytestmark = pytest.mark.e2e


async def test_views_are_complete_after_the_loss_of_kafka_s_data(
    stack: Addresses, http: ApiClient
) -> None:
    """Topics, offsets, the connector and the registry's schemas are all lost.

    A user that is missing in the views, too, shows that the new log is read from its start.
    """
    population = await populated(http, living=40)
    async with dropped_from_views(stack, population.living[0]["id"]):
        await down(stack, losing=("kafka",))
        await up(stack)
        await eventually(partial(population.is_visible_through, http), within=120, every=0.5)
    after = await eventually(lambda: created(http), within=30)
    await eventually(partial(visible, http, after), within=30)


async def test_everything_is_rebuilt_from_a_mysql_dump(
    stack: Addresses, http: ApiClient, tmp_path: Path
) -> None:
    """T18: every server has lost its data."""
    population = await populated(http, living=40)
    renamed = population.living[0]["id"]
    history = await http.history(renamed)
    dump = tmp_path / "events.sql"
    backup.save(local_stack.fetch(), stack, dump)
    with pytest.raises(StackError, match=r"the event store is not empty: \d+ keys of the dump"):
        backup.restore(stack, dump)
    await down(stack, losing=("mysql", "kafka", "redis", "opensearch"))
    await up(stack)
    backup.restore(stack, dump)
    await eventually(partial(population.is_visible_through, http), within=120, every=0.5)
    assert await http.history(renamed) == history
    again = await http.rename(renamed, "Restored", expected=history[-1]["version"])
    await eventually(partial(visible, http, population.living[0] | again), within=30)
