"""The invariants I1 to I10 of reliability, checked against a ledger.

The expected views are folded from the ledger alone, without code of the projectors.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from local_stack.addresses import Addresses
from tests.chaos.harness import stores, topic
from tests.chaos.harness.stores import Row, State, View
from tests.chaos.harness.topic import Message
from tests.chaos.verdict.ledger import Entry, Ledger

DELETED = "UserDeleted"
By = dict[str, list[Row]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Violations, each beginning with its invariant; and the number of repeated events."""

    wrong: list[str]
    lost: int
    duplicated: int
    repeated: int = 0


async def views_and_truth(stack: Addresses, ledger: Ledger) -> Verdict:
    """Check I1 to I5: what was acknowledged, what is stored, and what the views show."""
    rows = stores.events(stack)
    by_user: By = defaultdict(list)
    for row in rows:
        by_user[row.user].append(row)
    lost = list(_lost(ledger, by_user))
    twice = list(_twice(ledger, rows))
    wrong = [*lost, *twice, *_ghosts(ledger, rows)]
    wrong += _gaps(by_user, stores.marked_gaps(stack))
    wrong += _misfolded(ledger, by_user)
    expected = fold(ledger, by_user)
    wrong += _differences("redis", await stores.redis_view(stack), expected, by_user)
    wrong += _differences("opensearch", await stores.opensearch_view(stack), expected, by_user)
    return Verdict(wrong, len(lost), len(twice))


def _lost(ledger: Ledger, by_user: By) -> Iterator[str]:
    for entry in ledger.acknowledged():
        rows, key = by_user[entry.user or ""], entry.request.key
        if any(row.version == entry.version and row.marker == key for row in rows):
            continue
        is_erased = bool(rows) and rows[-1].type == DELETED and rows[-1].version > entry.version
        if not is_erased:
            yield f"I1 {key}: acknowledged as {entry.user} at {entry.version}, stored differently"


def _twice(ledger: Ledger, rows: Iterable[Row]) -> Iterator[str]:
    """Yield requests with several effects, and effects that replace another's."""
    effects = Counter(row.marker for row in rows)
    for entry in ledger.entries:
        if effects[entry.request.key] > 1:
            yield f"I3 {entry.request.key}: has {effects[entry.request.key]} effects"
        if entry.is_acknowledged and entry.request.expected not in {None, entry.version - 1}:
            yield f"I3 {entry.request.key}: expected {entry.request.expected}, got {entry.version}"
    places = Counter((entry.user, entry.version) for entry in ledger.acknowledged())
    yield from (f"I3 {place} was acknowledged {n} times" for place, n in places.items() if n > 1)


def _ghosts(ledger: Ledger, rows: Iterable[Row]) -> Iterator[str]:
    rejected = {e.request.key for e in ledger.entries if e.outcome == "rejected"}
    known = {entry.request.key for entry in ledger.entries}
    for row in rows:
        if row.marker in rejected:
            yield f"I2 {row.marker}: rejected, but stored as {row.user} at {row.version}"
        if row.marker.startswith(f"{ledger.run}-") and row.marker not in known:
            yield f"I2 {row.marker}: stored, but not requested"


def _gaps(by_user: By, marked: Mapping[str, set[int]]) -> Iterator[str]:
    """Yield missing versions that no restore has marked as missing."""
    for user, rows in by_user.items():
        versions = [row.version for row in rows]
        is_marker = len(rows) == 1 and rows[0].type == DELETED
        missing = marked.get(user, set())
        wanted = [v for v in range(1, max(versions, default=0) + 1) if v not in missing]
        if rows and not is_marker and versions != wanted:
            yield f"I4 {user} has versions {versions}, marked as missing: {missing}"


def fold(ledger: Ledger, by_user: By) -> dict[str, State]:
    """Fold each user's commands in the ledger, in the order of their versions.

    Only the store knows the versions of requests without a response.
    """
    stored = {row.marker: row for rows in by_user.values() for row in rows}
    acknowledged: dict[str, list[tuple[int, Entry, str]]] = defaultdict(list)
    for entry in ledger.entries:
        row = stored.get(entry.request.key)
        if entry.is_acknowledged:
            acknowledged[entry.user or ""].append((entry.version, entry, entry.created_at))
        elif entry.outcome == "unknown" and row is not None:
            acknowledged[row.user].append((row.version, entry, row.created_at))
    return {user: state for user, lines in acknowledged.items() if (state := _folded(lines))}


def _folded(lines: Sequence[tuple[int, Entry, str]]) -> State | None:
    state, last_name, created = None, "", ""
    for version, entry, created_at in sorted(lines, key=lambda line: line[0]):
        if entry.request.command == "delete":
            return State(version, None, "")
        if entry.request.command == "create":
            last_name, created = entry.request.last_name or "", created_at
        state = State(version, (entry.request.key, last_name), created)
    return state


def _misfolded(ledger: Ledger, by_user: By) -> Iterator[str]:
    """Check that the event store equals the fold: nothing else wrote to these users."""
    for user, state in fold(ledger, by_user).items():
        rows = by_user[user]
        newest = rows[-1] if rows else None
        if newest is None or newest.version < state.version:
            continue  # lost, and marked as lost
        if state.names is None and newest.type == DELETED:
            continue
        names = (newest.first_name, newest.last_name)
        if (newest.version, names, newest.created_at) != (
            state.version,
            state.names,
            state.created_at,
        ):
            yield f"I2 {user}: the ledger yields {state}, the store has {newest}"


def _differences(name: str, view: View, expected: Mapping[str, State], by_user: By) -> list[str]:
    """Check I5: the ledger's users exactly, all others at the event store's version."""
    wrong = [f"I5 {line}" for line in view.oddities]
    for user, state in expected.items():
        if view.users.get(user) != state:
            wrong.append(f"I5 {name}: {user} is {view.users.get(user)}, not {state}")
    for user, rows in by_user.items():
        held = view.users.get(user)
        if rows and user not in expected and (held is None or held.version != rows[-1].version):
            wrong.append(f"I5 {name}: {user} is {held}, the event store has {rows[-1]}")
    extra = view.users.keys() - {user for user, rows in by_user.items() if rows}
    return wrong + [f"I5 {name}: {user} is {view.users[user]}, never created" for user in extra]


async def published(stack: Addresses, ledger: Ledger, since: Mapping[int, int]) -> Verdict:
    """Check I8, I9: each acknowledged event is published, in order, in one partition, and read."""
    messages = await topic.messages(stack, since)
    last = {message.partition: message.offset for message in messages}
    verdict = _messages(ledger, messages)
    for name, view in (
        ("redis", await stores.redis_view(stack)),
        ("opensearch", await stores.opensearch_view(stack)),
    ):
        unread = {p: last for p, last in last.items() if view.offsets.get(p, 0) <= last}
        verdict.wrong.extend([f"I8 {name} has not read up to {unread}"] * bool(unread))
    return verdict


def _messages(ledger: Ledger, messages: Sequence[Message]) -> Verdict:
    seen: dict[str, list[int]] = defaultdict(list)
    partitions: dict[str, set[int]] = defaultdict(set)
    repeated = 0
    for message in messages:
        if message.event is None:
            continue
        user, version = message.event["user_id"], message.event["version"]
        partitions[user].add(message.partition)
        if version in seen[user]:
            repeated += 1
        else:
            seen[user].append(version)
    wrong = [f"I9 {user} has the order {v}" for user, v in seen.items() if v != sorted(v)]
    wrong += [f"I9 {user} is in {found}" for user, found in partitions.items() if len(found) > 1]
    missing = [
        f"I8 {entry.request.key}: {entry.user} at {entry.version} is not on the topic"
        for entry in ledger.acknowledged()
        if entry.version not in seen[entry.user or ""]
    ]
    return Verdict(wrong + missing, len(missing), 0, repeated)
