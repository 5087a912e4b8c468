"""Dead letters from any writer are listed and shown, and never printed raw (case H15)."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.printable import printable
from projections.cli import tool
from projections.kafka import dead_letter_queue
from projections.kafka.dead_letter_queue import KafkaDeadLetterQueue, _dead_letter

NAMES = ["reason", "failed_at", "source.topic", "source.partition", "source.offset", "x"]
VALUES = st.none() | st.binary(max_size=40) | st.text(max_size=20).map(str.encode)
HEADERS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=8)
MESSAGES = st.builds(
    SimpleNamespace,
    offset=st.integers(0, 2**63 - 1),
    key=st.none() | st.binary(max_size=40),
    value=st.none() | st.binary(max_size=80),
    headers=HEADERS,
)
UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


@given(st.text())
def test_printable_text_is_one_line_without_control_sequences(text: str) -> None:
    assert not UNPRINTABLE.search(printable(text))
    assert "\n" not in printable(text)


@given(st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="\\")))
def test_names_are_printed_unchanged(name: str) -> None:
    assert printable(name) == name


class Queue:
    """One message of the topic."""

    def __init__(self, message: Any) -> None:
        self._message = message

    async def dead_letters(self) -> AsyncIterator[Any]:
        yield _dead_letter(self._message)


async def printed(message: Any, words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    @asynccontextmanager
    async def of(_projection: Any) -> AsyncIterator[KafkaDeadLetterQueue]:
        queue: Any = Queue(message)
        yield queue

    wanted = tool._parser("redis-projector").parse_args(["dead-letters", *words])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dead_letter_queue, "of", of)
        await wanted.run(None, wanted)
    return capsys.readouterr().out


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=MESSAGES)
async def test_any_dead_letter_is_one_line_of_the_list(
    message: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    out = await printed(message, ["list"], capsys)
    assert out.count("\n") == 1
    assert not UNPRINTABLE.search(out)
    assert out.split()[0] == str(message.offset)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=MESSAGES)
async def test_any_dead_letter_can_be_shown(
    message: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    out = await printed(message, ["show", str(message.offset)], capsys)
    assert not UNPRINTABLE.search(out)
    rows = -(-len(message.value or b"") // 16)
    assert out.count("\n") == 6 + rows
