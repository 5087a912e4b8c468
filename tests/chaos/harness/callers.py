"""Outcomes of a call, in the same terms for both transports."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from tests.chaos.harness.balancer import Balancer, Replica
from tests.chaos.verdict.ledger import Request

TIMEOUT = 15.0  # seconds; longer than any limit of the services, so that a hang is detected
REJECTIONS = {"400", "404", "409", "412", "422"}
REJECTIONS |= {"INVALID_ARGUMENT", "NOT_FOUND", "ABORTED", "FAILED_PRECONDITION"}
T = TypeVar("T")


@dataclass
class Rejected(Exception):
    """The system rejected the command; it has no effect."""

    code: str


@dataclass
class Uncertain(Exception):
    """No response, or one without an outcome: the command may have taken effect."""

    code: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A user as returned by an API."""

    id: str
    version: int
    created_at: str = ""
    names: tuple[str, str] | None = None


class Caller(Protocol):
    """Client; calls raise Rejected and Uncertain; `codes` counts responses and errors."""

    codes: Counter[str]

    async def command(self, request: Request) -> Seen: ...
    async def get(self, user: str, min_version: int | None) -> Seen: ...
    async def search(self, text: str) -> list[Seen]: ...
    async def close(self) -> None: ...


async def from_some(
    balancer: Balancer, call: Callable[[Replica], Awaitable[T]], refused: type[Exception]
) -> T:
    """Return the response of the first replica that does not refuse the connection."""
    error: Exception | None = None
    for replica in balancer.order():
        try:
            return await call(replica)
        except refused as refusal:
            balancer.note_refusal(replica)
            error = refusal
    if error is None:
        raise RuntimeError("there is no replica")
    raise error
