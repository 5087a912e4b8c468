"""The ledger's writer decodes only what may be an erasure, and finds what decoding all would."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from platform_setup.recovery.ledger_writer import Settings, _erasures
from platform_setup.recovery.published import BY_CONNECTOR, Reader

ID = "0192f5a8-4d3c-7a10-8b2e-2f6d1c9e0a1{}"
AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
COLUMNS = {"user_id": "char", "type": "varchar", "occurred_at": "datetime"}


@dataclass
class Message:
    key: bytes
    value: bytes | None
    partition: int = 0
    offset: int = 0
    timestamp: int = int(1000 * AT.timestamp())
    headers: tuple[tuple[str, bytes], ...] = ((BY_CONNECTOR, b"c"),)


@dataclass
class Decoder:
    """Reads "type id"; remembers what it was given."""

    given: list[bytes] = field(default_factory=list)

    async def __call__(self, payload: bytes) -> Mapping[str, Any]:
        self.given.append(payload)
        kind, key = payload.decode().split()
        return {"user_id": key, "type": kind, "occurred_at": AT.isoformat()}


def message(kind: str | None, number: int) -> Message:
    key = ID.format(number)
    return Message(key.encode(), None if kind is None else f"{kind} {key}".encode())


@pytest.fixture
def decoder() -> Decoder:
    return Decoder()


async def erased(decoder: Decoder, *messages: Message) -> set[str]:
    reader = Reader(decoder, "user_id", COLUMNS)  # type: ignore[arg-type] # called only
    settings = Settings.model_validate({"ledger": "unused"})
    return {key[-1] for key in await _erasures(reader, messages, settings)}


async def test_only_events_that_may_erase_are_decoded(decoder: Decoder) -> None:
    given = (message("UserCreated", 1), message("UserDeleted", 2), message("UserRenamed", 3))
    assert await erased(decoder, *given) == {"2"}
    assert decoder.given == [given[1].value]


async def test_event_after_a_tombstone_ends_the_erasure(decoder: Decoder) -> None:
    given = (message(None, 1), message(None, 2), message("UserCreated", 2))
    assert await erased(decoder, *given) == {"1"}
