"""h2load, an HTTP/2 load generator in C: gRPC calls of one message each, by many clients."""

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

from loadtest import wrk

CALLS = 8  # of each connection at a time


@dataclass(frozen=True, slots=True)
class Called:
    """Calls per second, and the number without status 200."""

    rate: float
    failed: int


def run(port: int, method: str, messages: Sequence[bytes], seconds: int) -> Called:
    """Call the method with each of the messages, CALLS at a time, for this many seconds."""
    h2load, environment = wrk.program("h2load")
    with tempfile.TemporaryDirectory() as folder:
        running = []
        for number, message in enumerate(messages):
            body = f"{folder}/{number}"
            with open(body, "wb") as file:  # noqa: PTH123 - a name of two parts
                file.write(b"\0" + len(message).to_bytes(4, "big") + message)
            headers = ("-H", "content-type: application/grpc", "-H", "te: trailers")
            options = ("-c1", f"-m{CALLS}", f"-D{seconds}", *headers, "-d", body)
            url = f"http://127.0.0.1:{port}{method}"
            running.append(
                subprocess.Popen(  # noqa: S603 - our own words
                    [h2load, *options, url],
                    env=os.environ | environment,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
        return _sum([_read(process.communicate()[0]) for process in running])


def _read(text: str) -> Called:
    rate = re.search(r"finished in [\d.]+s, ([\d.]+) req/s", text)
    counts = re.search(r"(\d+) failed, (\d+) errored, (\d+) timeout", text)
    assert rate, text  # noqa: S101 - h2load prints it on success
    assert counts, text  # noqa: S101 - and this
    return Called(float(rate[1]), sum(int(number) for number in counts.groups()))


def _sum(parts: Sequence[Called]) -> Called:
    return Called(sum(part.rate for part in parts), sum(part.failed for part in parts))
