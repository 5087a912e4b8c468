"""The records that a rebuild cannot apply."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from projections.dead_letters import DeadLetterQueue, DeadLetters
from projections.generations import Directives, OperationRefused
from projections.ports import Record
from projections.spec import ProjectorSpec

MAX_ADDED = 1000  # new dead letters of a run; more indicate a wrong mapping
Source = tuple[int, int, int]


@dataclass
class CountedDeadLetters:
    """Counts the records that the building generation rejects, and writes some as dead letters.

    The running projector has already written those that the serving generation rejects, too; an
    operator may have discarded them since. Those that only the building generation rejects, for
    example because of its mapping, would be lost once it serves, so they are written here.
    `known`: sources of existing dead letters.
    """

    count: int
    topic: DeadLetters
    serving_takes: Callable[[Record], Awaitable[bool]]
    known: set[Source] = field(default_factory=set)
    is_leading: bool = False
    """The switch will move the running projector past its own dead letters: write all of them."""
    reasons: Counter[str] = field(default_factory=Counter)
    added: int = 0

    async def put(self, dead_letters: Sequence[tuple[Record, str]]) -> None:
        """Write and count them; raises Unavailable, and OperationRefused above MOST new ones."""
        new = [one for one in dead_letters if await self._is_missing(one[0])]
        added = new[: MAX_ADDED - self.added]
        if added:
            await self.topic.put(added)
        self.added += len(added)
        self.known |= {_source(record) for record, _ in added}
        if len(new) > len(added):
            raise OperationRefused(
                f"stopped: over {MAX_ADDED} records that only the new generation rejects; see"
                " `dead-letters list`, fix the mapping, then run `rebuild --restart`"
            )
        self.count += len(dead_letters)
        self.reasons.update(reason.partition(":")[0] for _, reason in dead_letters)

    async def _is_missing(self, record: Record) -> bool:
        if _source(record) in self.known:
            return False
        return self.is_leading or await self.serving_takes(record)

    def __str__(self) -> str:
        reasons = ", ".join(f"{n} {reason}" for reason, n in self.reasons.most_common(3))
        return f"{self.count} records ({reasons or 'in an earlier run'})"


def taken_by(
    projection: ProjectorSpec, directives: Directives
) -> Callable[[Record], Awaitable[bool]]:
    """Return a test whether a generation accepts a record, by writing it (guarded by version)."""
    views = projection.generations.views(directives.generation, directives.leading)

    async def takes(record: Record) -> bool:
        rejected = _Rejections()
        await projection.handler(views, rejected)([record])
        return not rejected.records

    return takes


async def known(queue: DeadLetterQueue) -> set[Source]:
    """Return the sources of existing dead letters; raises Unavailable."""
    return {_source(dead_letter.record) async for dead_letter in queue.dead_letters()}


class _Rejections:
    def __init__(self) -> None:
        self.records: list[Record] = []

    async def put(self, dead_letters: Sequence[tuple[Record, str]]) -> None:
        self.records += [record for record, _ in dead_letters]


def _source(record: Record) -> Source:
    """Return a record's identity, with the value's hash: a recreated topic reuses offsets."""
    return record.partition, record.offset, hash(record.value)
