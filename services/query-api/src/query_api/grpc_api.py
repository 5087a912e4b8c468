"""Protobuf ↔ queries. Users are sent as the stored bytes, without parsing."""

from typing import cast

from chassis.auth.authorization import requires_scope
from chassis.batching.coalesced_reads import CoalescedRead
from chassis.http.pagination import Page, invalid, page
from projections.queries import MAX_VERSION
from query_api.application import UserDirectory
from user_contracts.proto.user.v1 import (
    GetRequest,
    ListRequest,
    ListResponse,
    User,
    UserQueriesBase,
)

USERS_FIELD = (
    b"\x0a"  # field 1, length-delimited: https://protobuf.dev/programming-guides/encoding/
)


class UserQueries(UserQueriesBase):
    """The service user.v1.UserQueries; the codec sends bytes unchanged."""

    def __init__(self, directory: UserDirectory) -> None:
        self._directory = directory
        self._pages = CoalescedRead(self._told)

    @requires_scope("users:read")
    async def get(self, get_request: GetRequest) -> User:
        wanted = get_request.min_version
        if wanted is not None and not 1 <= wanted <= MAX_VERSION:
            raise invalid("min_version", f"must be a whole number from 1 to {MAX_VERSION}")
        view = await self._directory.get(get_request.id, wanted)
        return cast("User", view.proto)

    @requires_scope("users:read")
    async def list(self, list_request: ListRequest) -> ListResponse:
        asked = page(list_request.limit, list_request.cursor)
        # A later page is hardly ever requested twice, and counts for its caller's limits.
        told = await (self._told(asked) if asked.cursor else self._pages.get(asked))
        return cast("ListResponse", told)

    async def _told(self, asked: Page) -> bytes:
        views, cursor = await self._directory.list(asked)
        users = b"".join(USERS_FIELD + _length(v.proto or b"") + (v.proto or b"") for v in views)
        return users + bytes(ListResponse(next_cursor=cursor or ""))


def _length(message: bytes) -> bytes:
    """Return the message's length as a varint."""
    length, text = len(message), bytearray()
    while length > 0x7F:  # noqa: PLR2004 - seven bits a byte
        text.append(length & 0x7F | 0x80)
        length >>= 7
    text.append(length)
    return bytes(text)
