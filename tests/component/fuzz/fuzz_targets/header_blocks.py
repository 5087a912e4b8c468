"""HPACK: the cache of header blocks does not change the decoded headers."""

from random import Random

from h2.exceptions import ProtocolError
from hpack import Decoder
from hpack.exceptions import HPACKError

from http2 import frames
from http2.frames import Frame
from http2.headers import (
    MAX_ENTRIES,
    MAX_HEADERS,
    REMEMBERED,
    REMEMBERED_SIZE,
    HeaderReader,
)
from tests.component.fuzz import http2_input
from tests.component.fuzz.http2_mutation import Raw

MOST = 50  # blocks of an input
END = b"\xff\xfe\xfd"
"""Separator of blocks; HPACK data may contain it by chance, which splits a block."""


def run(data: bytes) -> None:
    """Decode the blocks; raise AssertionError for a find."""
    reader, plain = HeaderReader(), Decoder(max_header_list_size=MAX_HEADERS)
    for number, block in enumerate(data.split(END)[:MOST]):
        frame = Frame(frames.HEADERS, frames.END_HEADERS, 2 * number + 1, block)
        try:
            whole = reader.add(frame)
        except ProtocolError:
            assert _decoded(plain, block) is None, "rejected, but another decoder accepts it"
            return
        assert whole is not None
        found = whole[1]
        assert found.headers == _decoded(plain, block), "decoded differently from another decoder"
        assert found.problem or len(found.headers) <= MAX_ENTRIES
        remembered = reader._remembered
        assert len(remembered) <= REMEMBERED
        assert all(len(one) <= REMEMBERED_SIZE for one in remembered)


def seeds() -> dict[str, bytes]:
    """Return blocks that repeat, refer to each other, and change the size of the table."""
    made = [http2_input.header_block(Random(number)) for number in range(6)]
    table = made[0] + b"\x40\x01a\x01b"
    return {
        "one": made[0],
        "repeated": END.join([made[0], made[1]] * 4),
        "referring": END.join([table, b"\xbe" * 9, b"\x40\x01c\x01d", table, b"\xbe"]),
        "resized-again": END.join([b"\x20\x82", b"\x3f\xe1\x1f" + table, b"\x20\x82", b"\xbe"]),
        "resized": END.join([table, b"\x20" + made[0], b"\x3f\xe1\x1f" + table, b"\xbe"]),
        "never-indexed": b"\x10\x01a\x01b" + END + b"\x00\x01a\x01b",
        "many": END.join(made),
    }


def mutate(data: bytes, most: int, seed: int, raw: Raw) -> bytes:
    """Return other blocks in another order."""
    random = Random(seed)
    blocks = data.split(END)
    at = random.randrange(len(blocks))
    match random.randrange(5):
        case 0:
            blocks.insert(at, random.choice(blocks))
        case 1:
            blocks.insert(at, http2_input.header_block(random))
        case 2:
            blocks[at] = random.choice([b"\x20", b"\x3f\x45", b"\x3f\xe1\x1f"]) + blocks[at]
        case 3:
            blocks[at] += b"\x40\x02ab" + bytes([random.randrange(1, 100)]) + b"z" * 100
        case _:
            blocks[at] = raw(blocks[at], len(blocks[at]) + 64)
    return END.join(blocks)[:most]


def _decoded(plain: Decoder, block: bytes) -> list[tuple[str, str]] | None:
    try:
        found = plain.decode(block, raw=True)
    except HPACKError:
        return None
    return [(bytes(n).decode("latin-1"), bytes(v).decode("latin-1")) for n, v in found]
