"""Conformance suite of views that are read by key; see projections.reader.ViewReader."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from projections.reader import StoredView, ViewReader

MARKER = {"version": b"7"}


@dataclass(frozen=True)
class ReaderUnderTest:
    """The reader of an empty view, and a way to fill the view without the writer."""

    reader: ViewReader
    put: Callable[[str, Mapping[str, bytes] | None], Awaitable[object]]
    """Store {version, json, proto} under a key, {version} for a deleted one, None for none."""


def a_key(number: int, bucket: int = 0x0192F5) -> str:
    """Return a UUID; UUIDs are ordered by bucket, then by number."""
    return f"{bucket:06x}a8-4d3c-7a10-8b2e-{number:012x}"


def a_hash(key: str) -> dict[str, bytes]:
    """Return the stored hash of an existing aggregate."""
    return {"version": b"1", "json": f'"{key}"'.encode(), "proto": key.encode()}


async def keys(subject: ReaderUnderTest, before: str | None, limit: int) -> list[str]:
    """Return the keys of a page."""
    return [key for key, _ in await subject.reader.newest(before, limit)]


async def test_an_aggregate_is_read_as_it_was_written(subject: ReaderUnderTest) -> None:
    await subject.put(a_key(1), a_hash(a_key(1)))
    written = StoredView(1, f'"{a_key(1)}"'.encode(), a_key(1).encode())
    assert await subject.reader.get(a_key(1)) == written
    assert await subject.reader.newest(None, 5) == [(a_key(1), written)]


async def test_an_unknown_key_is_none_and_a_deleted_aggregate_a_version(
    subject: ReaderUnderTest,
) -> None:
    await subject.put(a_key(1), MARKER)
    assert await subject.reader.get(a_key(1)) == StoredView(7, None, None)
    assert await subject.reader.get(a_key(2)) is None
    assert await subject.reader.newest(None, 5) == []


async def test_the_newest_come_first_over_many_buckets(subject: ReaderUnderTest) -> None:
    created = [a_key(number, 0x0192F5 + number // 2) for number in range(60)]
    for key in created:
        await subject.put(key, a_hash(key))
    newest_first = created[::-1]
    assert await keys(subject, None, 100) == newest_first
    assert await keys(subject, None, 7) == newest_first[:7]
    assert await keys(subject, newest_first[6], 7) == newest_first[7:14]
    assert await keys(subject, newest_first[-1], 7) == []


async def test_page_may_start_at_a_missing_key(subject: ReaderUnderTest) -> None:
    for number in range(4):
        await subject.put(a_key(number), a_hash(a_key(number)))
    await subject.put(a_key(2), MARKER)
    assert await keys(subject, a_key(2), 5) == [a_key(1), a_key(0)]
    assert await keys(subject, a_key(9, 0x0192F6), 5) == [a_key(3), a_key(1), a_key(0)]


async def test_an_empty_view_has_empty_pages(subject: ReaderUnderTest) -> None:
    assert await keys(subject, None, 5) == []
