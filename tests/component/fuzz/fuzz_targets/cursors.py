"""Page cursors: decoding yields a position or Invalid, and positions round-trip."""

import base64
from random import Random

from chassis.http.pagination import MAX_CURSOR, decode_cursor, encode_cursor
from chassis.problems import Invalid
from tests.component.fuzz.http2_mutation import Raw

POSITIONS = [b"-0", b"1e400", b'[1e308,""]', b'[NaN,"x"]', b"9" * 300, b'"\\ud800"', b"[" * 200]
SHAPES = [int, str, tuple[float, str]]


def run(data: bytes) -> None:
    """Decode the input; raise AssertionError for a find."""
    text = data.decode("latin-1") if len(data) % 2 else data.decode(errors="replace")
    for shape in SHAPES:
        _read(text, shape)


def _read(cursor: str, shape: type) -> None:
    try:
        position: object = decode_cursor(cursor, shape)
    except Invalid:
        return
    assert len(cursor) <= MAX_CURSOR
    assert decode_cursor(encode_cursor(position), shape) == position, f"{position!r} differs"


def seeds() -> dict[str, bytes]:
    """Return one cursor of each service, and some invalid ones."""
    return {
        "history": encode_cursor(17).encode(),
        "list": encode_cursor("01890000-0000-7000-8000-000000000001").encode(),
        "search": encode_cursor((3.5, "01890000-0000-7000-8000-000000000001")).encode(),
        "large": encode_cursor(2**63).encode(),
        "padded": b"MQ==",
        "not-ascii": "MQÄ".encode(),
    }


def mutate(data: bytes, most: int, seed: int, raw: Raw) -> bytes:
    """Return another position, or other bytes."""
    random = Random(seed)
    if random.random() < 0.3:
        return raw(data, most)
    try:
        text = base64.urlsafe_b64decode(data + b"==")
    except ValueError:
        text = b""
    text = random.choice([text, text, *POSITIONS])
    return base64.urlsafe_b64encode(raw(text, MAX_CURSOR)).rstrip(b"=")[:most]
