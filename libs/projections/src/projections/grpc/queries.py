"""Protobuf ↔ queries. Messages go out as the stored bytes, without being parsed."""

from collections.abc import Callable
from typing import SupportsBytes

from chassis.batching.coalesced_reads import CoalescedRead
from chassis.http.pagination import Page, invalid, page
from projections.directory import Directory
from projections.queries import MAX_VERSION

ENTRIES_FIELD = (
    b"\x0a"  # field 1, length-delimited: https://protobuf.dev/programming-guides/encoding/
)


class StoredMessages:
    """What a gRPC service answers; chassis's codec sends bytes as they are."""

    def __init__(self, directory: Directory, response: Callable[..., SupportsBytes]) -> None:
        """response: makes a page's message of its next_cursor; its field 1 are the entries."""
        self._directory = directory
        self._response = response
        self._pages = CoalescedRead(self._rendered)

    async def get(self, key: str, min_version: int | None) -> bytes:
        if min_version is not None and not 1 <= min_version <= MAX_VERSION:
            raise invalid("min_version", f"must be a whole number from 1 to {MAX_VERSION}")
        view = await self._directory.get(key, min_version)
        return view.proto or b""

    async def list(self, limit: int | None, cursor: str | None) -> bytes:
        requested = page(limit, cursor)
        # A further page is rarely requested twice, so it is not shared and counts for its caller.
        return await (self._rendered(requested) if requested.cursor else self._pages.get(requested))

    async def _rendered(self, requested: Page) -> bytes:
        views, cursor = await self._directory.list(requested)
        entries = b"".join(
            ENTRIES_FIELD + _length(v.proto or b"") + (v.proto or b"") for v in views
        )
        return entries + bytes(self._response(next_cursor=cursor or ""))


def _length(message: bytes) -> bytes:
    """The message's length as a varint."""
    length, text = len(message), bytearray()
    while length > 0x7F:  # noqa: PLR2004 - seven bits a byte
        text.append(length & 0x7F | 0x80)
        length >>= 7
    text.append(length)
    return bytes(text)
