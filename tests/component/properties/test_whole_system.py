"""Event store, log and both projections: no interleaving loses, duplicates or reverts events."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import redis_projector.projection
import search_projector.projection
from chassis.problems import Problem
from command_api.application import USER, Users
from command_api.user import Command, CreateUser, DeleteUser, RenameUser, UserEvent
from eventstore.memory import MemoryEventStore
from tests.support.fakes.command_log import Ledger, Refused, Request
from tests.support.fakes.projectors import records
from tests.support.fakes.sides import Side, View, redis_side, search_side
from tests.support.fakes.stepwise import Running, Stepwise, at_once

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
KEYS = st.none() | st.sampled_from(["k1", "k2", "k3"])
STEPS = st.integers(1, 8)  # a command takes at most 8 pauses without a lost race
TURNS = 300  # to the end of the log, which has fewer records; a turn processes at least one


class WholeSystem(RuleBasedStateMachine):
    """Commands and projectors run step by step, so that anything may happen between two steps."""

    def __init__(self) -> None:
        super().__init__()
        self.truth = MemoryEventStore(USER)
        self.ledger = Ledger()
        self.running: list[tuple[Request, Running[UserEvent], UserEvent | Refused | None]] = []
        self.numbers = itertools.count(1)
        self.sides = [
            Side(*redis_side(), redis_projector.projection.project),
            Side(*search_side(), search_projector.projection.project),
        ]

    def _now(self) -> datetime:
        return NOON + timedelta(seconds=next(self.numbers))

    def _new_id(self, _moment: datetime) -> str:
        return f"01890000-0000-7000-8000-{next(self.numbers):012x}"

    def _known(self) -> list[str]:
        return sorted({one.event.user_id for one in self.ledger.requests if one.event is not None})

    def _request(self, command: Command, key: str | None) -> None:
        request = Request(command, key)
        self.ledger.requests.append(request)
        # In its own process: within one process commands for a user are serialised.
        users = Users(USER, Stepwise(self.truth), self._now, self._new_id)
        running = Running(users.execute(command, key))
        self.running.append((request, running, self.ledger.first_answer(request)))

    def _step(self, number: int, steps: int) -> None:
        request, running, first = entry = self.running[number % len(self.running)]
        try:
            done = running.step(steps)
        except Problem as problem:
            request.refused(problem)
        else:
            if not done:
                return
            (request.event,) = done
        self.running.remove(entry)
        if self._is_kept(first):
            assert (request.event or request.final) == first, "a retry got a different response"

    def _is_kept(self, first: UserEvent | Refused | None) -> bool:
        """Return whether a retry gets this: a refusal always, an event until it is erased."""
        if isinstance(first, UserEvent):
            return first in at_once(self.truth.history(first.user_id, 0, 1000))
        return first is not None

    # Clients. Every name is requested once, so that an event identifies its request.

    @rule(key=KEYS)
    def create(self, key: str | None) -> None:
        name = f"n{next(self.numbers)}"
        self._request(CreateUser(name, name), key)

    @precondition(lambda self: self._known())
    @rule(data=st.data(), key=KEYS, is_first=st.booleans(), expected=st.none() | st.integers(1, 4))
    def rename(self, data: Any, key: str | None, is_first: bool, expected: int | None) -> None:  # noqa: FBT001
        name = f"n{next(self.numbers)}"
        first, last = (name, None) if is_first else (None, name)
        user_id = data.draw(st.sampled_from(self._known()))
        self._request(RenameUser(user_id, first, last, expected), key)

    @precondition(lambda self: self._known())
    @rule(data=st.data(), key=KEYS, expected=st.none() | st.integers(1, 4))
    def delete(self, data: Any, key: str | None, expected: int | None) -> None:
        self._request(DeleteUser(data.draw(st.sampled_from(self._known())), expected), key)

    @precondition(lambda self: self.ledger.requests)
    @rule(data=st.data())
    def ask_again(self, data: Any) -> None:
        again = data.draw(st.sampled_from(self.ledger.requests))
        self._request(again.command, again.key)

    @precondition(lambda self: self.running)
    @rule(number=st.integers(0, 5), steps=STEPS)
    def go_on(self, number: int, steps: int) -> None:
        self._step(number, steps)

    @precondition(lambda self: self.running)
    @rule(number=st.integers(0, 5))
    def command_api_crashes(self, number: int) -> None:
        _, running, _ = self.running.pop(number % len(self.running))
        running.crash()

    # Projectors.

    @rule(side=st.integers(0, 1), size=st.integers(1, 5), back=st.integers(0, 5), steps=STEPS)
    def project(self, side: int, size: int, back: int, steps: int) -> None:
        self.sides[side].process.step(records(self.truth.log), size, back, steps)

    @rule(side=st.integers(0, 1))
    def projector_crashes(self, side: int) -> None:
        self.sides[side].crash()

    @rule(side=st.integers(0, 1))
    def projector_falls_asleep(self, side: int) -> None:
        self.sides[side].fall_asleep()

    @precondition(lambda self: any(side.zombies for side in self.sides))
    @rule(number=st.integers(0, 5), size=st.integers(1, 5), steps=STEPS)
    def zombie_goes_on(self, number: int, size: int, steps: int) -> None:
        zombies = [zombie for side in self.sides for zombie in side.zombies]
        zombies[number % len(zombies)].step(records(self.truth.log), size, 0, steps)

    @rule(side=st.integers(0, 1))
    def store_loses_everything(self, side: int) -> None:
        self.sides[side].lose_everything()

    # Invariants, and conditions once everything is processed.

    @invariant()
    def no_view_turns_back(self) -> None:
        for side in self.sides:
            now = {key: version for key, (version, _) in side.held().items()}
            assert all(now.get(key, 0) >= version for key, version in side.seen.items())
            side.seen = now

    @rule()
    def all_is_quiet(self) -> None:
        while self.running:
            self._step(0, 1)
        stored = {user: at_once(self.truth.history(user, 0, 1000)) for user in self._stored_ids()}
        assert set(self._known()) <= set(stored), "an acknowledged user is lost"
        expected: View = {}
        for user, events in stored.items():
            self.ledger.check_answers(events)
            expected[user] = (events[-1].version, self.ledger.names(events))
        self.ledger.check_keys([event for events in stored.values() for event in events])
        for side in self.sides:
            self._to_the_end(side)
            assert {k: (v, _names(body)) for k, (v, body) in side.held().items()} == expected
            assert side.dead_letters.held == []

    def teardown(self) -> None:
        self.all_is_quiet()
        for zombie in (zombie for side in self.sides for zombie in side.zombies):
            zombie.crash()

    def _stored_ids(self) -> set[str]:
        return {user_id for user_id, _ in self.truth.log}

    def _to_the_end(self, side: Side) -> None:
        log = records(self.truth.log)
        for _ in range(TURNS):
            side.process.step(log)
            is_at_end = side.process.is_at_end(log)
            side.process.step(log)  # an idle turn checks that the store still has everything
            if is_at_end and side.process.is_at_end(log):
                return
        raise AssertionError("the projector does not reach the end of its log")


def _names(body: dict[str, Any]) -> tuple[str, str] | None:
    return (body["first_name"], body["last_name"]) if "first_name" in body else None


TestWholeSystem = WholeSystem.TestCase
# Long enough for a loss in the middle of a batch; 6 s.
TestWholeSystem.settings = settings(
    max_examples=5 * settings().max_examples, stateful_step_count=60
)
