"""MySQL's data directory is destroyed under load, and restored from an older dump: T18."""

import asyncio
import random
import re
from functools import partial
from pathlib import Path

import pytest

from chassis.testing import eventually
from local_stack import backup
from local_stack import stack as local_stack
from tests.chaos.harness import topic
from tests.chaos.harness.callers import Caller
from tests.chaos.harness.grpc_caller import GrpcCaller
from tests.chaos.harness.http_caller import HttpCaller
from tests.chaos.harness.scenario import RATE, SHOWN, Chaos
from tests.chaos.harness.traffic import Traffic
from tests.chaos.verdict import restored
from tests.chaos.verdict.ledger import Ledger
from tests.chaos.verdict.restored import Published
from tests.support.clients.api_clients import ApiClient, Refused
from tests.support.stack.operator_cli import verifier
from tests.support.stores import mysql_lost, seeded_drift

WRITES = 150  # before the dump, and as many after it
TIMEOUT = 180.0
CONTINUED = 10  # users that are renamed afterwards


async def test_no_published_event_is_lost_and_no_erased_user_revived(
    chaos: Chaos, http: ApiClient, tmp_path: Path
) -> None:
    stack, dump = chaos.stack, tmp_path / "events.sql"
    since = await topic.ends(stack)
    ledger, lost_at = await loaded_until_mysql_is_lost(chaos, dump)
    published = Published.of(await topic.messages(stack, since))
    ends = await topic.ends(stack)
    await mysql_lost.replaced(stack)

    report = await asyncio.to_thread(backup.restore, stack, dump, "--lost-at", lost_at)

    (chaos.ledgers / "R0-report.txt").write_text(report)
    assert published.erased
    wrong = [*restored.wrong(stack, ledger, published)]
    assert not wrong, "\n".join([f"{len(wrong)} violations", *wrong[:SHOWN]])
    loss = re.search(r"possible loss: (\d+) ms", report)
    assert loss, report
    at = restored.acknowledged_at(chaos.ledgers / "R0.jsonl")
    lost = restored.lost(ledger, published)
    assert all(at[key] >= restored.seconds(lost_at) - int(loss[1]) / 1000 for key in lost), lost
    await continued(http, published)
    for projector in ("redis-projector", "search-projector"):
        output = await verifier(stack).done(projector, "--patience", "5")
        assert seeded_drift.planted_in(output) == {}
    for user in published.erased:
        with pytest.raises(Refused, match="404"):
            await http.get(user)
    assert not [*restored.revived(await topic.messages(stack, ends), published)]
    async with chaos.scenario("R1: load after the restore") as scenario:
        await scenario.writes(100)


async def loaded_until_mysql_is_lost(chaos: Chaos, dump: Path) -> tuple[Ledger, str]:
    """Run load while a dump is taken; return its ledger, and when MySQL was killed."""
    apis = chaos.replicas.balancers()
    callers: list[Caller] = [HttpCaller(*apis), GrpcCaller(*apis)]
    ledger = Ledger(chaos.ledgers / "R0.jsonl")
    traffic = Traffic(ledger, callers, random.Random(f"{chaos.seed} R0"))
    async with traffic.running(RATE):
        await writes(ledger, WRITES)
        await asyncio.to_thread(backup.save, local_stack.fetch(), chaos.stack, dump)
        dumped = await topic.ends(chaos.stack)
        await writes(ledger, WRITES)
        await eventually(partial(has_erasures, chaos, dumped), within=TIMEOUT, every=1)
        traffic.patience = 0
        lost_at = await mysql_lost.destroyed(chaos.stack)
    await asyncio.gather(*(caller.close() for caller in callers))
    ledger.close()
    return ledger, lost_at


async def has_erasures(chaos: Chaos, since: dict[int, int]) -> None:
    """Raise AssertionError unless erasures and other events were published since."""
    published = Published.of(await topic.messages(chaos.stack, since))
    assert published.erased
    assert published.living()


async def writes(ledger: Ledger, more: int) -> None:
    wanted = sum(1 for _ in ledger.acknowledged()) + more

    async def reached() -> None:
        assert sum(1 for _ in ledger.acknowledged()) >= wanted

    await eventually(reached, within=TIMEOUT, every=0.2)


async def continued(http: ApiClient, published: Published) -> None:
    """Rename users: the version follows the newest published one, and both views show it."""
    for user, newest in [*published.living().items()][:CONTINUED]:
        renamed = await http.rename(user, "Restored", expected=newest)
        assert renamed["version"] == newest + 1
        await eventually(partial(shown, http, renamed), within=TIMEOUT, every=0.5)


async def shown(http: ApiClient, user: dict[str, object]) -> None:
    try:
        assert await http.get(str(user["id"]), min_version=1) == user
        assert user in await http.search(str(user["last_name"]))
    except Refused as refused:
        raise AssertionError(refused) from refused
