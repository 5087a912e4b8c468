"""Inputs that resemble HTTP/2: seeds of a corpus, and their parts."""

import itertools
from collections.abc import Callable, Sequence
from random import Random

from hpack import Encoder

from http2 import frames
from http2.frames import NUMBER
from loadtest.attacks import ATTACKS, CHECK, GET, GREETING, LIST, MESSAGE, WATCH, block, call, frame

HEAD = 9  # bytes before a frame's payload
SEED = 2_000  # bytes of an attack: enough for its kinds of frames
CREATE, REFLECTION = (
    "/user.v1.UserCommands/Create",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
)
PATHS = [CREATE, GET, LIST, CHECK, WATCH, REFLECTION, "/user.v1.UserSearch/Search", "/", "*", ""]
NUMBERS = [0, 1, 2, 8, 100, 16_384, 65_535, 65_536, 2**24 - 1, 2**31 - 1, 2**31, 2**32 - 1]
NAMES = [":method", ":path", ":scheme", ":authority", ":status", "te", "content-type", "x-bin"]
NAMES += ["grpc-timeout", "grpc-encoding", "content-length", "authorization", "cookie", "X-Y", ""]
NAMES += ["traceparent", "idempotency-key", "connection", "host", "grpc-trace-bin"]
VALUES = ["POST", "GET", "http", "x", "trailers", "application/grpc", "1S", "0n", "99999999H"]
VALUES += ["aGk=", "a", "0", "5", "9" * 19, "\x00", "\xff", "y" * 300, "gzip", "", *PATHS]
ODD = [("x-bin", "a"), ("content-length", "abc"), ("content-length", "9" * 99), ("te", "gzip")]
ODD += [("grpc-timeout", "x"), ("connection", "close"), ("X-Y", "z"), ("x", "\0"), ("x-bin", ",")]
ODD += [("content-type", "text/html"), ("grpc-encoding", "gzip"), (":path", "/"), ("", "x")]
ANN = b"\n\x03Ann\x12\x03Lee"


def seeds() -> dict[str, bytes]:
    """Return connections of valid clients, and the beginnings of attacks."""
    found = {
        "greeting": GREETING,
        "create": GREETING + call(1, block(CREATE), ANN),
        "create-of-nobody": GREETING + call(1, block(CREATE), b""),
        "get": GREETING + call(1, block(GET), b"\n$01890000-0000-7000-8000-000000000001"),
        "list": GREETING + call(1, block(LIST), MESSAGE),
        "search": GREETING + call(1, block(PATHS[6]), b"\n\x03ann"),
        "reflection": GREETING + call(1, block(REFLECTION), b":\x00"),
        "watch-and-ping": GREETING + call(1, block(WATCH), b"") + frame(frames.PING, bytes(8)),
        "deadline": GREETING + call(1, block(CREATE, ("grpc-timeout", "1S")), None),
        "no-message": GREETING + call(1, block(CREATE), None),
        "metadata": GREETING + call(1, block(CREATE, ("x-bin", "aGk")), ANN),
        "odd-headers": GREETING
        + b"".join(call(2 * n + 1, block(CREATE, one), ANN) for n, one in enumerate(ODD)),
    }
    for name, attack in ATTACKS.items():
        if attack.port == "grpc":
            sent = attack.first + b"".join(itertools.islice(attack.then(), 1))
            found[name.replace(" ", "-").replace(",", "").lower()] = sent[:SEED]
    return found


def split(data: bytes) -> list[bytes]:
    """Return the frames, and trailing bytes that are not a frame."""
    parts = []
    while len(data) >= HEAD:
        size = HEAD + int.from_bytes(data[:3])
        parts.append(data[:size])
        data = data[size:]
    return [*parts, data] if data else parts


FRAMES: Sequence[Callable[[Random, int, bytes], bytes]] = [
    lambda random, stream, _: call(stream, header_block(random), ANN),
    lambda random, stream, _: frame(
        frames.HEADERS, header_block(random), random.choice([4, 5]), stream
    ),
    lambda random, _, number: frame(
        frames.SETTINGS, random.randint(0, 7).to_bytes(2) + number, random.choice([0, 0, 0, 1])
    ),
    lambda random, stream, number: frame(
        frames.WINDOW_UPDATE, number, 0, random.choice([0, stream])
    ),
    lambda _, stream, number: frame(frames.RST_STREAM, number, 0, stream),
    lambda _, stream, number: frame(frames.PRIORITY, number + b"\x10", 0, stream),
    lambda random, _, number: frame(frames.PING, number * 2, random.choice([0, 1])),
    lambda random, stream, number: frame(
        frames.DATA,
        bytes([random.choice([0, 0, 1])]) + number + ANN,
        random.choice([0, 1, 8]),
        stream,
    ),
]


def any_frame(random: Random) -> bytes:
    """Return a client's frame with unusual numbers."""
    number = NUMBER.pack(random.choice(NUMBERS))
    return random.choice(FRAMES)(random, random.choice([1, 1, 3, 5, 7, 9, 11]), number)


def header_block(random: Random) -> bytes:
    """Return a valid call's headers with some more, or any headers."""
    others = [(random.choice(NAMES), random.choice(VALUES)) for _ in range(random.randint(0, 3))]
    if random.random() < 0.7:
        return block(random.choice(PATHS), *others)
    return Encoder().encode([(n.encode("latin-1"), v.encode("latin-1")) for n, v in others])
