"""What query-api needs from outside."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class View:
    """A user as stored: the very bytes that the HTTP API and the gRPC API send.

    Both None: the user is deleted; the version remains.
    """

    version: int
    json: bytes | None
    proto: bytes | None


class UserViews(Protocol):
    """The view of users, by id. Every method raises Unavailable when the store does not answer."""

    async def get(self, user_id: str) -> View | None:
        """The user's view; None for an id never seen."""

    async def newest(self, before: str | None, limit: int) -> list[tuple[str, View]]:
        """At most limit living users with their ids, newest first, created before the given id.

        Fewer than limit: there are no more.
        """
