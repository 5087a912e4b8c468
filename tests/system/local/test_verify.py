"""view-verifier: drift is found, classified and repaired; mere lag is not drift."""

import asyncio
import itertools
import re
import shlex
import signal
from functools import partial

import pytest

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import ApiClient, Refused
from tests.support.stack.operator_cli import Tool, verifier
from tests.support.stack.survival import created, visible
from tests.support.stores import seeded_drift
from tests.support.stores.seeded_drift import Plant

pytestmark = pytest.mark.e2e
PROJECTORS = ["redis-projector", "search-projector"]
PLANTED = list(zip(PROJECTORS, [seeded_drift.in_redis, seeded_drift.in_opensearch], strict=True))
DRIFT = 3
USERS = 8


@pytest.mark.parametrize(("projector", "plant"), PLANTED)
async def test_seeded_drift_is_classified_and_repaired(
    stack: Addresses, http: ApiClient, projector: str, plant: Plant
) -> None:
    users = [await http.rename((await created(http))["id"], "Renamed") for _ in range(USERS)]
    erased = (await created(http))["id"]
    await http.delete(erased)
    for user in users:
        await eventually(partial(visible, http, user), within=60)
    tool = verifier(stack)
    await tool.done(projector, "--repair")  # drift left by other tests
    planted = await plant(stack, users, erased)

    code, output, _ = await tool.ended(projector, "--patience", "1")
    assert (code, seeded_drift.planted_in(output)) == (DRIFT, planted)

    output = await tool.done(projector, "--patience", "2", "--repair")
    assert seeded_drift.planted_in(output) == planted
    assert "remaining: 0" in output

    assert seeded_drift.planted_in(await tool.done(projector, "--patience", "1")) == {}
    for user in users:
        await eventually(partial(visible, http, user), within=60)
    with pytest.raises(Refused, match="404"):
        await http.get(erased)


async def test_lost_bucket_is_found_and_its_users_listed_again(
    stack: Addresses, http: ApiClient
) -> None:
    user = await created(http)
    await eventually(lambda: visible(http, user), within=60)
    tool = verifier(stack)
    await tool.done("redis-projector", "--repair")  # drift left by other tests

    async def lost_and_found() -> None:
        await seeded_drift.lose_bucket(stack, user["id"])
        output = await tool.done("redis-projector", "--repair")
        assert re.search(r"drift: [1-9]\d* different; repaired: .*; remaining: 0$", output.strip())

    await eventually(lost_and_found, within=60)  # unless a write of the canary lists it first
    users, _ = await http.list_page(20)  # the canary's user comes and goes
    assert user["id"] in {one["id"] for one in users}


@pytest.mark.parametrize("projector", PROJECTORS)
async def test_lag_is_no_drift(stack: Addresses, http: ApiClient, projector: str) -> None:
    tool = verifier(stack)
    await tool.done(projector, "--repair")
    users = [(await created(http))["id"] for _ in range(USERS)]
    stop = asyncio.Event()

    async def write() -> None:
        for number, user in enumerate(itertools.cycle(users)):
            if stop.is_set():
                return
            await http.rename(user, f"Name{number}")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(write())
        for _ in range(3):
            assert seeded_drift.planted_in(await tool.done(projector)) == {}
        stop.set()


async def test_interrupted_run_prints_how_to_resume(stack: Addresses, http: ApiClient) -> None:
    await created(http)
    tool = verifier(stack)
    running = await tool.started("redis-projector", "--rate", "0.1")
    assert running.stdout
    assert (await asyncio.wait_for(running.stdout.readline(), 30)).startswith(b"comparing")
    running.send_signal(signal.SIGINT)
    output, complained = await asyncio.wait_for(running.communicate(), 30)
    assert (running.returncode, complained) == (130, b"")
    words = shlex.split(output.decode().splitlines()[-1].partition("resume with ")[2])
    assert "drift: none" in await tool.done("redis-projector", *words)


@pytest.mark.parametrize("projector", PROJECTORS)
async def test_a_view_is_verified_without_settings_of_the_other_store(
    stack: Addresses, projector: str
) -> None:
    other = "OPENSEARCH" if projector == "redis-projector" else "REDIS"
    settings = stack.environment("view-verifier")
    own = {name: value for name, value in settings.items() if other not in name}
    assert len(own) < len(settings)
    code, output, complained = await verifier(stack).ended(projector, "--repair", settings=own)
    assert (code, complained) == (0, ""), output


@pytest.mark.parametrize("projector", PROJECTORS)
async def test_projector_names_the_program_that_replaced_verify(
    stack: Addresses, projector: str
) -> None:
    code, output, complained = await Tool(stack, projector).ended("verify", "--repair")
    assert (code, output) == (2, "")
    assert complained.splitlines() == [
        f"{projector}: `verify` moved to another program; run: view-verifier {projector} --repair"
    ]
