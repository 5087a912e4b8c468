"""Clients that disconnect, retry, and contend for one user: T10 to T12."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace

from tests.chaos.harness.callers import Caller, Rejected, Seen, Uncertain
from tests.chaos.harness.scenario import Chaos, Scenario
from tests.chaos.verdict.ledger import Command, Entry, Request

CONFLICTS = {"409", "412", "ABORTED", "FAILED_PRECONDITION"}
LATEST_GOODBYE = 0.02  # seconds after which a client disconnects
AT_ONCE = 20


async def test_clients_disconnect(chaos: Chaos) -> None:
    async with chaos.scenario("T10: clients disconnect") as scenario:
        await scenario.silence()
        for _ in range(scenario.rounds(40)):
            requests = [scenario.traffic.next_request() for _ in range(25)]
            await asyncio.gather(*(ask_and_leave(scenario, request) for request in requests))


async def ask_and_leave(scenario: Scenario, request: Request) -> None:
    """Disconnect in three of ten cases; half of these clients never retry: unknown outcome."""
    entry, chance = await scenario.ledger.sent(request), scenario.chance
    caller = chance.choice(scenario.callers)
    if chance.random() < 0.3:
        entry.was_unknown = True
        with suppress(TimeoutError):
            async with asyncio.timeout(chance.uniform(0, LATEST_GOODBYE)):
                await scenario.traffic.attempt(entry, caller)
        if chance.random() < 0.5:
            return
    await scenario.traffic.settle(entry, caller)


async def test_concurrent_retries_of_a_command_take_effect_once(chaos: Chaos) -> None:
    commands: list[Command] = ["create", "rename", "delete"]
    async with chaos.scenario("T11: the same key 20 times at once") as scenario:
        await scenario.silence()
        for number in range(scenario.rounds(30)):
            request = await own_request(scenario, commands[number % 3], number)
            await all_at_once(scenario, await scenario.ledger.sent(request))
            if request.command != "delete":
                await another_request_with_its_key(scenario, request)


async def own_request(scenario: Scenario, command: Command, number: int) -> Request:
    """Return a command on a user that receives no other command."""
    key = f"{scenario.ledger.run}-once-{number}"
    create = Request(key, "create", last_name="Samekey")
    if command == "create":
        return create
    entry = await scenario.ledger.sent(replace(create, key=f"{key}-user"))
    await scenario.traffic.settle(entry, scenario.callers[0])
    expected = scenario.chance.choice([None, entry.version])
    return Request(key, command, entry.user, expected)


async def all_at_once(scenario: Scenario, entry: Entry) -> None:
    callers = [scenario.chance.choice(scenario.callers) for _ in range(AT_ONCE)]
    answers = await asyncio.gather(*(outcome(caller, entry.request) for caller in callers))
    seen = {(one.version, one.names) for one in answers if isinstance(one, Seen)}
    assert len(seen) == 1, answers
    refused = {one for one in answers if isinstance(one, str)}
    assert refused <= {"409", "ABORTED"}, f"{entry.request}: {refused}"
    await scenario.traffic.settle(entry, scenario.callers[0])


async def outcome(caller: Caller, request: Request) -> Seen | str:
    try:
        answer = await caller.command(request)
    except (Rejected, Uncertain) as problem:
        return problem.code
    names = answer.names if request.command != "delete" else None
    return replace(answer, names=names)


async def another_request_with_its_key(scenario: Scenario, request: Request) -> None:
    other = replace(request, command="create", user=None, expected=None, last_name="Other")
    codes = {await outcome(caller, other) for caller in scenario.callers}
    assert codes == {"422", "INVALID_ARGUMENT"}


async def test_fifty_writers_contend_for_one_user(chaos: Chaos) -> None:
    async with chaos.scenario("T12: fifty writers on one user") as scenario:
        await scenario.silence()
        request = Request(f"{scenario.ledger.run}-wanted", "create", last_name="Wanted")
        wanted = await scenario.ledger.sent(request)
        await scenario.traffic.settle(wanted, scenario.callers[0])
        attempts = scenario.rounds(16)
        async with asyncio.TaskGroup() as writers:
            for number in range(50):
                writers.create_task(rename_often(scenario, wanted.user or "", number, attempts))
    entries = [e for e in scenario.ledger.entries if e.request.user == wanted.user]
    outcomes = Counter(entry.outcome for entry in entries)
    assert max(entry.version for entry in entries) == 1 + outcomes["acknowledged"]
    assert {e.code for e in entries if e.outcome == "rejected"} <= CONFLICTS
    assert outcomes["rejected"] > 0
    assert outcomes["unknown"] == 0


async def rename_often(scenario: Scenario, user: str, number: int, attempts: int) -> None:
    for attempt in range(attempts):
        key = f"{scenario.ledger.run}-{number}-{attempt}"
        expected = scenario.traffic.population.versions[user]
        entry = await scenario.ledger.sent(Request(key, "rename", user, expected))
        await scenario.traffic.settle(entry, scenario.callers[number % 2])
