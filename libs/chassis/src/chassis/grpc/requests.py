"""Header validation of a gRPC call, before the call starts.

Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md. Accepted headers are such
that grpclib can parse all of them: it leaves a call that it cannot parse without a response.
"""

import re
from collections.abc import Container
from functools import lru_cache
from typing import NamedTuple

from grpclib.const import Status
from grpclib.metadata import encode_grpc_message

from chassis.http.request_validation import SINGLE
from chassis.observability import tracing
from chassis.problems import Invalid, NoSuchRoute, Problem
from http2.headers import Headers

CONTENT_TYPES = {"application/grpc", "application/grpc+proto"}
TIMEOUT = re.compile(r"([0-9]{1,8})([HMSmun])")
SECONDS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
BASE64 = re.compile(r"([A-Za-z0-9+/]*)={0,2}")


class RefusedCall(Exception):
    """A call with invalid headers: the HTTP status, and the problem."""

    def __init__(self, problem: Problem, http: int = 200) -> None:
        self.problem, self.http = problem, http


class AcceptedCall(NamedTuple):
    """Headers that grpclib can parse, and the client's timeout in seconds."""

    headers: Headers
    timeout: float | None


def accept(headers: Headers, methods: Container[str]) -> AcceptedCall:
    """Return the call that these headers start; raises RefusedCall."""
    named = dict(headers)
    if named[":method"] != "POST":
        raise RefusedCall(Invalid("use POST"), 405)
    if named.get("content-type") not in CONTENT_TYPES:
        raise RefusedCall(Invalid("the content-type must be application/grpc"), 415)
    if named.get("te") != "trailers":
        raise RefusedCall(Invalid('the header "te: trailers" is missing'), 400)
    if named[":path"] not in methods:
        raise RefusedCall(NoSuchRoute("no such method"))
    if len(named) < len(headers):
        _check_single(headers)
    for name in named:
        if name.endswith("-bin"):
            headers = [pair for one in headers for pair in _readable(*one)]
            break
    if "grpc-timeout" not in named:
        return AcceptedCall(headers, None)
    timeouts = [_seconds(value) for name, value in headers if name == "grpc-timeout"]
    return AcceptedCall([one for one in headers if one[0] != "grpc-timeout"], min(timeouts))


def _check_single(headers: Headers) -> None:
    """Apply the same rule as for HTTP: see chassis.http.request_validation.SINGLE."""
    names = [name for name, _ in headers]
    for name in SINGLE:
        if names.count(name) > 1:
            raise RefusedCall(Invalid(f"the metadata key {name} is sent twice"))


def refusal(refused: RefusedCall) -> Headers:
    """Return the response to a refused call: headers without a message."""
    problem = refused.problem
    headers = [
        (":status", str(refused.http)),
        ("content-type", "application/grpc+proto"),
        ("grpc-status", str(Status[problem.status.grpc].value)),
        ("grpc-message", encode_grpc_message(problem.public_detail)),
        ("problem-type", f"urn:problem:{problem.kind}"),
    ]
    trace_id = tracing.trace_id()
    return headers if trace_id is None else [*headers, ("trace-id", trace_id)]


@lru_cache(maxsize=256)
def _seconds(value: str) -> float:
    match = TIMEOUT.fullmatch(value)
    if match is None:
        raise RefusedCall(Invalid("grpc-timeout must be 1 to 8 digits and a unit, such as 100m"))
    return int(match[1]) * SECONDS[match[2]]


def _readable(name: str, value: str) -> Headers:
    """Return an entry as grpclib parses it: binary values split at commas, and padded."""
    if not name.endswith("-bin") or name.startswith("grpc-"):
        return [(name, value)]
    return [(name, _padded(name, part.strip(" \t"))) for part in value.split(",")]


def _padded(name: str, value: str) -> str:
    match = BASE64.fullmatch(value)
    if match is None or len(match[1]) % 4 == 1 or (match[1] != value and len(value) % 4):
        raise RefusedCall(Invalid(f"the metadata key {name[:64]} must have base64 values"))
    return match[1] + "=" * (-len(match[1]) % 4)
