"""Mutations of a connection's bytes that keep most of its frames intact."""

from collections.abc import Callable, Sequence
from random import Random

from http2 import frames
from http2.frames import PREFACE
from loadtest.attacks import GREETING, frame
from tests.component.fuzz.http2_input import HEAD, NUMBERS, any_frame, split

Raw = Callable[[bytes, int], bytes]
"""The fuzzer's own mutation of bytes, up to a maximal size."""


def mutate(data: bytes, most: int, seed: int, raw: Raw) -> bytes:
    """Return a mutated connection; some mutations change bytes only, which also breaks frames."""
    random = Random(seed)
    if random.random() < 0.2 or not data.startswith(PREFACE):
        return raw(data, most) if random.random() < 0.9 else GREETING + data
    parts = split(data.removeprefix(PREFACE))
    for _ in range(random.choice([1, 1, 2, 4])):
        random.choice(CHANGES)(parts, random, raw)
    return (PREFACE + b"".join(parts))[:most]


def _repeat(parts: list[bytes], random: Random, _raw: Raw) -> None:
    at = random.randint(0, len(parts))
    some = parts[at : at + random.randint(1, 3)]
    parts[at:at] = some * random.choice([1, 2, 10])


def _drop(parts: list[bytes], random: Random, _raw: Raw) -> None:
    at = random.randint(0, len(parts))
    del parts[at : at + random.randint(1, 3)]


def _swap(parts: list[bytes], random: Random, _raw: Raw) -> None:
    if parts:
        part = parts.pop(random.randrange(len(parts)))
        parts.insert(random.randint(0, len(parts)), part)


def _change_head(parts: list[bytes], random: Random, _raw: Raw) -> None:
    if not parts or len(parts[at := random.randrange(len(parts))]) < HEAD:
        return
    kind, flags, stream, payload = _fields(parts[at])
    match random.randrange(3):
        case 0:
            kind = random.randrange(11)
        case 1:
            flags ^= 1 << random.choice([0, 2, 3, 5])
        case _:
            stream = random.choice([0, 1, 2, 3, 5, 7, 9, stream + 2, *NUMBERS]) & (2**32 - 1)
    parts[at] = frame(kind, payload, flags, stream)


def _change_payload(parts: list[bytes], random: Random, raw: Raw) -> None:
    if not parts or len(parts[at := random.randrange(len(parts))]) < HEAD:
        return
    kind, flags, stream, payload = _fields(parts[at])
    parts[at] = frame(kind, raw(payload, len(payload) + 64)[: frames.MAX_PAYLOAD], flags, stream)


def _insert(parts: list[bytes], random: Random, _raw: Raw) -> None:
    parts.insert(random.randint(0, len(parts)), any_frame(random))


def _cut_in_two(parts: list[bytes], random: Random, _raw: Raw) -> None:
    """Split a header block into HEADERS and CONTINUATION, or a message into two frames."""
    if not parts or len(parts[at := random.randrange(len(parts))]) < HEAD:
        return
    kind, flags, stream, payload = _fields(parts[at])
    where = random.randint(0, len(payload))
    others = frames.CONTINUATION if kind == frames.HEADERS else kind
    parts[at : at + 1] = [
        frame(kind, payload[:where], flags & ~frames.END_HEADERS & ~(kind == 0), stream),
        frame(others, payload[where:], flags, stream),
    ]


CHANGES: Sequence[Callable[[list[bytes], Random, Raw], None]] = [
    _repeat,
    _drop,
    _swap,
    _change_head,
    _change_payload,
    _insert,
    _insert,
    _cut_in_two,
]


def _fields(part: bytes) -> tuple[int, int, int, bytes]:
    return part[3], part[4], int.from_bytes(part[5:HEAD]), part[HEAD:]
