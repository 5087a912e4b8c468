"""What can become of a call, in the same words for both transports."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from tests.chaos.harness.balancer import Balancer, Replica
from tests.chaos.verdict.ledger import Request

TIMEOUT = 15.0  # seconds; longer than any of the services' own limits, so who hangs is seen
REJECTIONS = {"400", "404", "409", "412", "422"}
REJECTIONS |= {"INVALID_ARGUMENT", "NOT_FOUND", "ABORTED", "FAILED_PRECONDITION"}
T = TypeVar("T")


@dataclass
class Rejected(Exception):
    """The system says no; it has not happened."""

    code: str


@dataclass
class Uncertain(Exception):
    """No answer, or one that tells nothing: it may have happened."""

    code: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A user as an answer tells it."""

    id: str
    version: int
    created_at: str = ""
    names: tuple[str, str] | None = None


class Caller(Protocol):
    """Each call raises Rejected and Uncertain; `codes` counts answers, and what came instead."""

    codes: Counter[str]

    async def command(self, request: Request) -> Seen: ...
    async def get(self, user: str, min_version: int | None) -> Seen: ...
    async def search(self, text: str) -> list[Seen]: ...
    async def close(self) -> None: ...


async def from_some(
    balancer: Balancer, ask: Callable[[Replica], Awaitable[T]], refused: type[Exception]
) -> T:
    """What the first replica answers that does not refuse the connection."""
    error: Exception | None = None
    for replica in balancer.order():
        try:
            return await ask(replica)
        except refused as refusal:
            balancer.note_refusal(replica)
            error = refusal
    if error is None:
        raise RuntimeError("there is no replica")
    raise error
