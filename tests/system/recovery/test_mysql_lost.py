"""MySQL loses its data, Kafka and the views do not: no published event is lost."""

import re
from functools import partial
from pathlib import Path

import pytest

from chassis.testing import eventually
from local_stack import backup
from local_stack import stack as local_stack
from local_stack.addresses import Addresses
from tests.chaos.harness import stores, topic
from tests.support.clients.api_clients import ApiClient, Refused
from tests.support.stack.faults import POISON
from tests.support.stack.operator_cli import verifier
from tests.support.stack.rebuilding import Population, connector_runs, populated
from tests.support.stack.survival import created
from tests.support.stores import mysql_lost, seeded_drift

pytestmark = pytest.mark.e2e
PROJECTORS = ("redis-projector", "search-projector")


async def test_a_dump_is_completed_from_the_topic(
    stack: Addresses, http: ApiClient, tmp_path: Path
) -> None:
    population = await populated(http, living=12)
    dump = tmp_path / "events.sql"
    backup.save(local_stack.fetch(), stack, dump)
    population = await changed_since(http, population)
    renamed, erased = population.living[0], population.erased
    history = await http.history(renamed["id"])
    lost_at = await mysql_lost.destroyed(stack)
    await mysql_lost.replaced(stack)

    report = backup.restore(stack, dump, "--lost-at", lost_at)

    assert counted(report, "possible loss") < 60_000
    assert not stores.marked_gaps(stack).keys() & {user["id"] for user in population.living}
    assert counted(report, "records that could not be read") == await unreadable(stack)
    await eventually(partial(population.is_visible_through, http), within=120, every=0.5)
    assert await http.history(renamed["id"]) == history
    assert rows_of(stack, erased) == [(2, "UserDeleted", None)]
    await goes_on(stack, http, population)


async def unreadable(stack: Addresses) -> int:
    """Return the number of invalid records of other tests; compaction may have removed them."""
    everything = await topic.records(stack, dict.fromkeys(topic.PARTITIONS, 0))
    return sum(record.key == POISON and record.value is not None for record in everything)


async def changed_since(http: ApiClient, population: Population) -> Population:
    """Change what the dump lacks: names, new users, and two erased users of the dump."""
    living = [*population.living, *[await created(http) for _ in range(4)]]
    for user in (living[0], living[0], living[3], living[-1]):
        user.update(await http.rename(user["id"], f"Later{user['version']}"))
    first, second = living.pop(5), living.pop(5)
    await http.delete(first["id"])
    await http.delete(second["id"])
    changed = Population(living, first["id"])
    await eventually(partial(changed.is_visible_through, http), within=60, every=0.5)
    await eventually(partial(is_gone, http, second["id"]), within=60, every=0.5)
    return changed


async def is_gone(http: ApiClient, user: str) -> None:
    try:
        await http.get(user)
    except Refused as refused:
        assert refused.status == 404
    else:
        raise AssertionError("the user still exists")


async def goes_on(stack: Addresses, http: ApiClient, population: Population) -> None:
    """Each user takes the next version, new ones are created, and both views equal the store."""
    for user in population.living:
        user.update(await http.rename(user["id"], "Restored", expected=user["version"]))
    population.living.append(await created(http))
    await eventually(partial(population.is_visible_through, http), within=120, every=0.5)
    with pytest.raises(Refused, match="404"):
        await http.rename(population.erased, "Revived")
    await eventually(lambda: connector_runs(stack), within=60, every=1)
    for projector in PROJECTORS:
        output = await verifier(stack).done(projector, "--patience", "5")
        assert seeded_drift.planted_in(output) == {}


def counted(report: str, what: str) -> int:
    """Return the first number of a line of the report."""
    found = re.search(rf"^restore: {what}: (\d+)", report, re.MULTILINE)
    assert found, report
    return int(found[1])


def rows_of(stack: Addresses, user: str) -> list[tuple[int, str, str | None]]:
    return [(r.version, r.type, r.first_name) for r in stores.events(stack) if r.user == user]
