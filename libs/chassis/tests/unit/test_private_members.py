"""Private members of libraries that this repository uses: the complete list.

Before an upgrade of one of these libraries, this test reports which members have disappeared.
"""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp.web_protocol
import aiohttp.web_request
import grpclib.protocol
import grpclib.server
import grpclib.utils
import h2.connection
import hpack.table
import pytest
from aiohttp import streams, web_protocol

import chassis.grpc
import chassis.http
import http2

TOUCHED: dict[type, set[str]] = {
    grpclib.server.Server: {
        *("_protocol_factory", "_mapping", "_codec", "_status_details_codec"),
        *("_config", "_h2_config", "_handlers", "__dispatch__"),
    },
    grpclib.server.Handler: {"_tasks", "_cancelled"},
    grpclib.server.Stream: {"_stream"},
    grpclib.protocol.Connection: {"_connection", "_transport"},
    grpclib.protocol.Stream: {"_h2_connection"},
    grpclib.utils.Wrapper: {"_error"},
    web_protocol.RequestHandler: {
        *("_messages", "_task_handler", "_max_msg_queue_size", "_loop", "_reading_paused"),
        *("_buffer_paused", "_pause_reading_for_buffer", "_resume_reading_for_buffer"),
    },
    aiohttp.web_request.Request: {"_match_info"},
    streams.StreamReader: {"_size", "_buffer"},
    hpack.table.HeaderTable: {"_current_size"},
    h2.connection.H2Connection: {"_data_to_send"},
}
FOLDERS = [Path(str(package.__file__)).parent for package in (chassis.grpc, chassis.http, http2)]
OF_STANDARD_LIBRARY = {"_replace"}  # of named tuples; public in spite of its name


@pytest.mark.parametrize("owner", TOUCHED, ids=lambda owner: f"{owner.__module__}.{owner.__name__}")
def test_used_private_members_exist(owner: type) -> None:
    source = "".join(inspect.getsource(cls) for cls in owner.__mro__[:-1] if _is_python(cls))
    assert [name for name in TOUCHED[owner] if name not in source] == []


def _is_python(cls: type) -> bool:
    return cls.__module__.split(".")[0] in {"grpclib", "aiohttp", "h2", "hpack"}


def test_every_used_private_member_is_listed() -> None:
    listed = set().union(*TOUCHED.values()) | OF_STANDARD_LIBRARY
    for folder in FOLDERS:
        assert {name for name in _foreign(folder) if name not in listed} == set()


def _foreign(folder: Path) -> set[str]:
    """Return private attributes that the modules use but do not define."""
    trees = [ast.parse(file.read_text("utf-8")) for file in folder.glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    defined = {name for node in nodes for name in _defined(node)}
    read = {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load)}
    return {name for name in read - defined if name.startswith("_") and not name.endswith("__")}


def _defined(node: Any) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name
        case ast.Attribute(attr=name, ctx=ast.Store()) | ast.Name(id=name, ctx=ast.Store()):
            yield name
