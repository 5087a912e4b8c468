"""h2spec, the HTTP/2 conformance suite: every case of it, against a server of our connection alone.

It responds late: the gRPC server rejects a non-gRPC request before its body has arrived, and many
cases are about frames in between.
"""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import cast

import pytest
from h2.events import StreamEnded
from h2.exceptions import ProtocolError

from http2.implementations import HTTP2, Http2
from tests.support.fakes.in_process_api import HOST
from tests.support.stack.go_tools import tool

LATE = 0.2  # seconds
TIMEOUT = 180  # seconds; they take 20


class Late(asyncio.Protocol):
    """Server that answers each request with one word."""

    def __init__(self, http2: type[Http2]) -> None:
        self._http2 = http2(2**20, 2**16)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._flush()

    def data_received(self, data: bytes) -> None:
        try:
            events = self._http2.receive_data(data)
            while self._http2.is_behind:
                events += self._http2.receive_data(b"")
        except ProtocolError:
            self._flush()
            self._transport.close()
            return
        self._flush()
        for event in events:
            if isinstance(event, StreamEnded):
                asyncio.get_running_loop().call_later(LATE, self._answer, event.stream_id)

    def _answer(self, stream: int) -> None:
        if stream in self._http2.streams and not self._transport.is_closing():
            self._http2.send_headers(stream, [(":status", "200")])
            room = self._http2.local_flow_control_window(stream)
            self._http2.send_data(stream, b"word"[:room], end_stream=True)
            self._flush()

    def _flush(self) -> None:
        self._transport.write(self._http2.data_to_send())


@pytest.fixture(params=HTTP2)
async def port(request: pytest.FixtureRequest) -> AsyncIterator[int]:
    late = partial(Late, HTTP2[request.param])
    server = await asyncio.get_running_loop().create_server(late, HOST, 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_h2spec_passes(port: int) -> None:
    running = await asyncio.create_subprocess_exec(
        tool("h2spec"), "--strict", "--port", str(port), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(TIMEOUT):
        output, _ = await running.communicate()
    assert "146 tests, 145 passed, 1 skipped, 0 failed" in output.decode(), output.decode()
