"""CPU cost of HTTP/2 below gRPC, without sockets: our own, h2 with our bounds, h2 alone.

    .venv/bin/python -m loadtest.http2_costs

Times are CPU time of this thread, so that other programs hardly matter. "h2 alone" is h2 as
grpclib configures it, without our bounds. Attacks are those of attacks.py over gRPC: up
to SENT bytes of each, READ at a time; nothing responds, and the output is discarded.
"""

import argparse
import itertools
import time
import tracemalloc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, StreamEnded
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes
from hpack import Encoder

from chassis.grpc.transport import CONNECTION_WINDOW, STREAM_WINDOW
from chassis.process.interrupts import interruptible
from http2 import frames
from http2.frames import NUMBER, SETTING, written
from http2.implementations import HTTP2
from http2.streams import DEFAULT_WINDOW
from loadtest import report
from loadtest.attacks import ATTACKS, GET, GREETING, WHOLE, Attack, call

SENT = 2**19  # bytes of each attack
CALLS = 3_000  # of each round
ROUNDS = 5
READ = 256 * 1024  # bytes that uvloop reads at once
GRPCLIB_WINDOW = 4 * 2**20  # bytes
MESSAGE = bytes(40)
ANSWER = [(":status", "200"), ("content-type", "application/grpc+proto")]
TRAILERS = [("grpc-status", "0")]


class H2Alone(H2Connection):
    """h2 as grpclib 0.4.9 configures it."""

    is_behind = False

    def __init__(self, _connection_window: int, _stream_window: int) -> None:
        super().__init__(
            H2Configuration(
                client_side=False,
                header_encoding="ascii",
                validate_inbound_headers=False,
                validate_outbound_headers=False,
                normalize_inbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.initiate_connection()
        self.increment_flow_control_window(GRPCLIB_WINDOW - DEFAULT_WINDOW)
        self.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: GRPCLIB_WINDOW})


SIDES: Mapping[str, Any] = {**HTTP2, "h2 alone": H2Alone}


def made(side: str) -> Any:
    return SIDES[side](CONNECTION_WINDOW, STREAM_WINDOW)


def calls(*, is_same: bool) -> list[bytes]:
    """Return a client's calls; is_same: with the same headers, else each with its own deadline."""
    encoder, sent = Encoder(), []
    first = [(":method", "POST"), (":scheme", "http"), (":path", GET), (":authority", "x")]
    first += [("te", "trailers"), ("content-type", "application/grpc")]
    for number in range(CALLS):
        timeout = [] if is_same else [("grpc-timeout", f"{10_000_000 + number}u")]
        sent.append(call(2 * number + 1, encoder.encode([*first, *timeout]), MESSAGE))
    return sent


def served(side: str, sent: list[bytes]) -> float:
    """Return microseconds of CPU per call: its frames in, its response's frames out."""
    http2 = made(side)
    http2.receive_data(GREETING + written(frames.WINDOW_UPDATE, 0, 0, NUMBER.pack(2**30)))
    began = time.thread_time()
    for data in sent:
        for event in http2.receive_data(data):
            if isinstance(event, DataReceived):
                http2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, StreamEnded):
                http2.send_headers(event.stream_id, ANSWER)
                http2.send_data(event.stream_id, MESSAGE)
                http2.send_headers(event.stream_id, TRAILERS, end_stream=True)
        http2.data_to_send()
    return 1e6 * (time.thread_time() - began) / len(sent)


@dataclass(slots=True)
class Attacked:
    """Cost of an attack on one connection."""

    end: str = "open"
    taken: int = 0
    """Bytes."""
    spent: float = 0.0
    """Seconds of CPU."""
    longest: float = 0.0
    """Longest turn of the event loop."""
    held: int = 0
    """Bytes of memory at its end, or when everything was sent."""

    def __str__(self) -> str:
        times = f"{1e3 * self.spent:.0f} | {1e3 * self.longest:.1f}"
        return f"{self.end} | {self.taken // 1024} | {times} | {self.held // 1024}"


def parts(attack: Attack) -> Iterator[bytes]:
    """Yield all that a connection of it sends, in the chunks that uvloop reads."""
    data, left = bytearray(), SENT
    for part in itertools.chain([attack.first], attack.then()):
        data += part[:left]
        left -= min(left, len(part))
        while len(data) >= READ:
            yield bytes(data[:READ])
            del data[:READ]
        if not left:
            break
    yield bytes(data)


def attacked(side: str, attack: Attack) -> Attacked:
    """Feed an attack to a connection."""
    http2, found = made(side), Attacked()
    try:
        for part in parts(attack):
            found.taken += len(part)
            turn(http2, part, found)
            while http2.is_behind:
                turn(http2, b"", found)
    except ProtocolError as error:
        found.end = ErrorCodes(error.error_code).name
    except Exception as error:  # noqa: BLE001 - what a library lets through is a finding
        found.end = type(error).__name__
    if tracemalloc.is_tracing():
        found.held, _ = tracemalloc.get_traced_memory()
    return found


def turn(http2: Any, data: bytes, found: Attacked) -> None:
    began = time.thread_time()
    try:
        http2.receive_data(data)
        http2.data_to_send()
    finally:
        spent = time.thread_time() - began
        found.spent += spent
        found.longest = max(found.longest, spent)


def measured(side: str, attack: Attack) -> Attacked:
    """Measure times without, and memory with, tracing of allocations."""
    found = attacked(side, attack)
    tracemalloc.start()
    found.held = attacked(side, attack).held
    tracemalloc.stop()
    return found


def settings_of_every_kind() -> Iterator[bytes]:
    """Yield all 65,536 settings, of which six are known."""
    for first in range(0, 2**16, 2_048):
        codes = b"".join(SETTING.pack(code, 1) for code in range(max(7, first), first + 2_048))
        yield written(frames.SETTINGS, 0, 0, codes)


OF_H2 = {
    "settings of every kind": Attack("grpc", GREETING, settings_of_every_kind),
    "a header beyond ASCII": Attack(
        "grpc",
        GREETING
        + written(
            frames.HEADERS,
            WHOLE,
            1,
            Encoder().encode([(b":method", b"POST"), (b":path", b"/"), (b"x", b"\xff")]),
        ),
    ),
    "a PING after GOAWAY": Attack(
        "grpc",
        GREETING + written(frames.GOAWAY, 0, 0, bytes(8)) + written(frames.PING, 0, 0, bytes(8)),
    ),
}


def of_calls() -> Iterator[str]:
    yield "| CPU per call, µs | repeated headers | individual deadlines |"
    yield "|---|---|---|"
    same, own = calls(is_same=True), calls(is_same=False)
    for side in SIDES:
        times = [median(served(side, sent) for _ in range(ROUNDS)) for sent in (same, own)]
        yield f"| {side} | {times[0]:.1f} | {times[1]:.1f} |"


def of_attacks() -> Iterator[str]:
    yield "| attack | side | ends with | kB sent | CPU, ms | longest turn, ms | kB held |"
    yield "|---|---|---|---|---|---|---|"
    tried = {name: one for name, one in ATTACKS.items() if one.port == "grpc" and one.first}
    for name, attack in (tried | OF_H2).items():
        for side in SIDES:
            yield f"| {name} | {side} | {measured(side, attack)} |"


@interruptible()
def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    now = datetime.now(UTC)
    lines = [report.heading("HTTP/2", now), ""]
    for line in itertools.chain(lines, of_calls(), [""], of_attacks()):
        print(line, flush=True)


if __name__ == "__main__":
    main()
