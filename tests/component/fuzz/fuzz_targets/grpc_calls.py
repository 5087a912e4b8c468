"""gRPC over a whole connection: every call ends, whatever the frames, and everything is freed."""

from functools import cache

from chassis.grpc.server import GrpcServer
from http2 import frames
from tests.component.fuzz import http2_input, http2_mutation
from tests.component.fuzz.fuzz_targets import apis
from tests.component.fuzz.fuzz_targets.connections import Harness
from tests.component.fuzz.http2_input import HEAD
from tests.component.fuzz.virtual_loop import Transport

seeds, mutate = http2_input.seeds, http2_mutation.mutate
GOING_ON = {"Watch", "ServerReflectionInfo"}


def run(data: bytes) -> None:
    """Send the input; raise AssertionError for a find."""
    sent = http2_input.split(_harness().run(data))
    assert sent[0][3] == frames.SETTINGS, "the connection preface is missing"
    assert all(len(one) == HEAD + int.from_bytes(one[:3]) for one in sent), "a frame is truncated"
    assert sent[-1][3] == frames.GOAWAY, "a connection ended without GOAWAY"


@cache
def _harness() -> Harness:
    return Harness(apis.grpc, _check)


def _check(transport: Transport, server: GrpcServer) -> None:
    """Check that every call has a response, apart from streaming ones."""
    assert not server._in_flight._running, "a call is still waiting"
    protocol = transport.protocol
    running = {stream.id for stream in protocol.handler._tasks}
    assert set(protocol._http2.streams) <= running, "a stream is open without a call"
