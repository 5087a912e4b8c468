"""Log output of the services while a user is created, found, renamed and deleted."""

import json
import secrets
from functools import partial
from pathlib import Path

import pytest

from chassis.testing import eventually
from local_stack.addresses import SERVICES, Addresses
from tests.support.clients.api_clients import ApiClient, Refused
from tests.support.stack.survival import visible

pytestmark = pytest.mark.e2e


def log_of(stack: Addresses, program: str) -> str:
    return (Path(stack.home) / "log" / f"{program}.log").read_text()


async def gone(api: ApiClient, last_name: str) -> None:
    assert await api.search(last_name) == []


async def test_no_log_contains_a_name(stack: Addresses, api: ApiClient) -> None:
    first, last = (f"{prefix}{secrets.token_hex(6)}" for prefix in ("Unsaid", "Hidden"))
    user = await api.create(first, last)
    await eventually(partial(visible, api, user), within=30)
    with pytest.raises(Refused):
        await api.create(f"{first}\x07", last)
    await api.search(last)
    await api.rename(user["id"], f"{first}Else")
    await api.delete(user["id"])
    await eventually(partial(gone, api, last), within=30)
    programs = [log.stem for log in (Path(stack.home) / "log").iterdir()]
    assert {*SERVICES, "mysql", "connect", "opensearch"} <= set(programs)
    for program in programs:
        for name in (first, last):
            assert name not in log_of(stack, program), program


async def test_every_log_line_is_json_and_names_its_service(stack: Addresses) -> None:
    for service in SERVICES:
        lines = [json.loads(line) for line in log_of(stack, service).splitlines()]
        assert lines, service
        for line in lines:
            assert {"event", "level", "timestamp"} <= set(line), line
            assert line["service"] == service
