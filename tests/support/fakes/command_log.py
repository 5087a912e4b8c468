"""Requests and responses of clients: views are compared with these, not with projectors' code."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chassis.problems import Problem
from command_api.user import Command, CreateUser, RenameUser, UserEvent
from eventstore.refusals import FINAL

Names = tuple[str, str]
Refused = tuple[str, str]
"""Kind and detail of a refusal."""


@dataclass(eq=False)
class Request:
    """A request and its response; neither event nor refusal: the outcome is unknown."""

    command: Command
    key: str | None
    event: UserEvent | None = None
    is_refused: bool = False
    final: Refused | None = None
    """A refusal that is repeated for the same request with the same key."""

    def refused(self, problem: Problem) -> None:
        self.is_refused = True
        self.final = (problem.kind, problem.detail) if isinstance(problem, FINAL) else None


@dataclass
class Ledger:
    """Every request ever sent. No two request the same name, so an event identifies its request."""

    requests: list[Request] = field(default_factory=list)

    def answers(self, user_id: str) -> dict[int, UserEvent]:
        """Return a user's acknowledged events; two of one version must be equal."""
        acknowledged: dict[int, UserEvent] = {}
        for one in self.requests:
            if one.event is not None and one.event.user_id == user_id:
                assert acknowledged.setdefault(one.event.version, one.event) == one.event
                before = (one.event.first_name or "", one.event.last_name or "")
                assert _after(one.command, before) == _names(one.event), "a response of another"
                if not isinstance(one.command, CreateUser):
                    wanted = one.command.expected_version
                    assert wanted in {None, one.event.version - 1, one.event.version}
        return acknowledged

    def first_answer(self, request: Request) -> UserEvent | Refused | None:
        """Return the earlier final response to the same request with the same key."""
        same = (
            one for one in self.requests if (one.command, one.key) == (request.command, request.key)
        )
        answers = (one.event or one.final for one in same if request.key)
        return next((answer for answer in answers if answer is not None), None)

    def names(self, stored: Sequence[UserEvent]) -> Names | None:
        """Return a user's names after these events, each of which must have been requested."""
        if stored[-1].type == "UserDeleted":
            assert len(stored) == 1, "erased events still exist"
            assert self._orders(stored[0], ("", "")), "deleted without a request"
            return None
        assert [event.version for event in stored] == list(range(1, len(stored) + 1))
        names: Names = ("", "")
        for event in stored:
            orders = self._orders(event, names)
            assert len(orders) == 1, f"{event} was requested by {orders}"
            (names,) = orders
        return names

    def check_answers(self, stored: Sequence[UserEvent]) -> None:
        """Check that everything acknowledged for this user is stored, or was erased."""
        acknowledged, newest = self.answers(stored[-1].user_id), stored[-1].version
        assert max(acknowledged, default=0) <= newest, "an acknowledged event is lost"
        assert all(acknowledged.get(event.version, event) == event for event in stored)

    def check_keys(self, stored: Sequence[UserEvent]) -> None:
        """Check that each key of the stored events has one event."""
        for key in {one.key for one in self.requests if one.key}:
            events = {one.event for one in self.requests if one.key == key and one.event in stored}
            assert len(events) <= 1, f"{key} took effect twice: {events}"

    def _orders(self, event: UserEvent, before: Names) -> set[Names]:
        """Return the distinct requested outcomes that lead from these names to this event."""
        ordered = (
            _after(one.command, before)
            for one in self.requests
            if not one.is_refused and _is_for(one.command, event)
        )
        return {names or ("", "") for names in ordered if names == _names(event) != before}


def _is_for(command: Command, event: UserEvent) -> bool:
    if isinstance(command, CreateUser):
        return event.type == "UserCreated"
    return command.user_id == event.user_id and event.type != "UserCreated"


def _after(command: Command, names: Names) -> Names | None:
    match command:
        case CreateUser(first, last):
            return first, last
        case RenameUser(first_name=first, last_name=last):
            return first or names[0], last or names[1]
        case _:
            return None


def _names(event: UserEvent) -> Names | None:
    if event.first_name is None or event.last_name is None:
        return None
    return event.first_name, event.last_name
