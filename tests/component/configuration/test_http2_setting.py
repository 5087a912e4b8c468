"""The setting HTTP2 selects the implementation below gRPC, in every program that serves it."""

from typing import Any, get_args

import pytest

import command_api.settings
import command_api.wiring
import demo.settings
import demo.wiring
import query_api.settings
import query_api.wiring
import search_api.settings
import search_api.wiring
from chassis import api_process
from chassis.auth.settings import ApiSettings
from http2.implementations import HTTP2
from tests.support.stack.free_ports import unused


class Chosen(Exception):
    """Raised by a program that was about to serve."""


def serve(*_: Any, http2: Any, **__: Any) -> None:
    raise Chosen(http2)


def no_server(*_: Any, **__: Any) -> None:
    pass


def test_http2_setting_names_each_implementation() -> None:
    assert get_args(ApiSettings.model_fields["http2"].annotation) == tuple(HTTP2)


@pytest.mark.parametrize("name", HTTP2)
@pytest.mark.parametrize("program", [command_api, query_api, search_api, demo])
async def test_program_serves_with_the_configured_implementation(
    monkeypatch: pytest.MonkeyPatch, program: Any, name: str
) -> None:
    monkeypatch.setenv("COMMAND_API_MYSQL_PASSWORD", "x")
    monkeypatch.setattr(api_process, "GrpcServer", serve)
    for other in ("AdminServer", "HttpServer"):  # which listen as soon as they are created
        monkeypatch.setattr(api_process, other, no_server)
    if program is demo:  # which has one for three APIs
        monkeypatch.setattr(demo.wiring, "AdminServer", no_server)
    http, grpc, admin = unused(3, row=3)
    ports = {"http_port": http, "grpc_port": grpc, "admin_port": admin}
    settings = program.settings.Settings(http2=name, **ports)
    with pytest.raises(Chosen) as chosen:
        async with program.wiring.wire(settings):
            pass
    assert chosen.value.args == (HTTP2[name],)
