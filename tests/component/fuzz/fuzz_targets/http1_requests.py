"""HTTP/1.1 over a whole connection: responses below 500, then its end, and all is freed."""

import re
from functools import cache
from random import Random

from chassis.http.server import HttpServer
from loadtest.attacks import ATTACKS
from tests.component.fuzz.fuzz_targets import apis
from tests.component.fuzz.fuzz_targets.connections import Harness
from tests.component.fuzz.http2_mutation import Raw
from tests.component.fuzz.virtual_loop import Transport

STATUS = re.compile(rb"HTTP/[0-9]\.[0-9] ([0-9]{3}) ")  # the version of the request
BODY = b'{"first_name":"Ann","last_name":"Lee"}'
JSON = b"Content-Type: application/json\r\n"
LINES = [
    b"GET / HTTP/1.1\r\n",
    b"POST /user HTTP/1.1\r\n",
    b"PATCH /user/01890000-0000-7000-8000-000000000001 HTTP/1.0\r\n",
    b"GET /user?limit=2&cursor=IjEi HTTP/1.1\r\n",
    b"GET /user/search/ann%20lee HTTP/1.1\r\n",
    b"Host: x\r\n",
    b"Host: y:1\r\n",
    JSON,
    b"Content-Length: %d\r\n" % len(BODY),
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Expect: 100-continue\r\n",
    b"Connection: close\r\n",
    b"Connection: Upgrade\r\nUpgrade: websocket\r\n",
    b"Content-Encoding: gzip\r\n",
    b'If-Match: "1"\r\n',
    b"Idempotency-Key: k\r\n",
    b"\r\n",
    b"26\r\n" + BODY + b"\r\n",
    b"0\r\n\r\n",
    b"0\r\nTrailer: x\r\n\r\n",
    b'{"first_name":"\\ud800","last_name":1e999}',
    BODY,
    b"X: " + b"y" * 900 + b"\r\n",
]


def run(data: bytes) -> None:
    """Send the input; raise AssertionError for a find."""
    sent = _harness().run(data)
    for status in _statuses(sent):
        assert status < 500 or status == 501, sent[:1000]


@cache
def _harness() -> Harness:
    return Harness(apis.http, _check)


def _check(transport: Transport, server: HttpServer) -> None:
    """Check that every request has a response."""
    assert not server._in_flight._running, "a request is still waiting"


def _statuses(sent: bytes) -> list[int]:
    found = STATUS.findall(sent)
    assert STATUS.match(sent) or not sent, "an invalid response"
    return [int(one) for one in found]


def seeds() -> dict[str, bytes]:
    """Return valid requests, and the beginnings of attacks."""
    post = LINES[1] + LINES[5] + JSON
    found = {
        "root": LINES[0] + LINES[5] + b"\r\n",
        "create": post + LINES[8] + b"\r\n" + BODY,
        "chunked": post + LINES[10] + b"\r\n" + LINES[18] + LINES[19],
        "rename": LINES[2] + LINES[5] + JSON + LINES[8] + b"\r\n" + BODY,
        "list": LINES[3] + LINES[5] + b"\r\n",
        "search": LINES[4] + LINES[5] + b"\r\n",
        "expecting": post + LINES[8] + LINES[11] + b"\r\n" + BODY,
    }
    for name, attack in ATTACKS.items():
        if attack.port == "http" and attack.first:
            found[name.replace(" ", "-").replace(":", "").replace("/", "").lower()] = attack.first[
                :500
            ]
    return found


def mutate(data: bytes, most: int, seed: int, raw: Raw) -> bytes:
    """Return other lines in another order, or other bytes."""
    random = Random(seed)
    if random.random() < 0.5:
        return raw(data, most)
    lines = data.splitlines(keepends=True)
    at = random.randint(0, len(lines))
    if random.random() < 0.3:
        del lines[at : at + 1]
    else:
        lines.insert(at, random.choice([*LINES, *lines]))
    return b"".join(lines)[:most]
