"""A snapshot on an operator's command, against a fake Connect that enforces the order of steps."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chassis.problems import Unavailable
from connector_supervisor import resnapshot as module
from connector_supervisor.kafka_connect import Connector
from connector_supervisor.resnapshot import resnapshot


@dataclass
class Worker:
    """Fake worker that stops after a while, and rejects earlier resets of offsets (KIP-875)."""

    state: str = "RUNNING"
    stops: bool = True
    pauses_after: str = ""
    """Another process pauses the connector after the first step of this name."""
    fails: bool = False
    offset: dict[str, Any] | None = field(default_factory=lambda: {"gtids": "a:1-9"})
    steps: list[str] = field(default_factory=list)

    async def put(self, request: web.Request) -> web.Response:
        step = request.path.rpartition("/")[2]
        self.steps.append(step)
        if step == self.pauses_after:
            self.state, self.pauses_after = "PAUSED", ""
        elif step == "stop" and self.stops:
            self.state = "STOPPED"
        elif step == "resume":
            self.state = "RUNNING"
            self.offset = {"gtids": "a:1-12"}
        return web.Response(status=202)

    async def status(self, _request: web.Request) -> web.Response:
        state = "FAILED" if self.fails and self.steps[-1:] == ["resume"] else self.state
        tasks = (
            []
            if self.state in {"STOPPED", "PAUSED"}
            else [{"id": 0, "state": state, "trace": "X: broke"}]
        )
        return web.json_response({"connector": {"state": self.state}, "tasks": tasks})

    async def offsets(self, _request: web.Request) -> web.Response:
        one = [{"partition": {}, "offset": self.offset}] if self.offset else []
        return web.json_response({"offsets": one})

    async def forget(self, _request: web.Request) -> web.Response:
        if self.state != "STOPPED":
            return web.json_response({"message": "must be in the STOPPED state"}, status=400)
        self.steps.append("forget")
        self.offset = None
        return web.json_response({"message": "reset"})


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
async def connector(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Connector]:
    monkeypatch.setattr(module, "STOPS_WITHIN", 0.2)
    monkeypatch.setattr(module, "STARTS_WITHIN", 0.5)
    monkeypatch.setattr(module, "POLL_EVERY", 0.01)
    app = web.Application()
    base = "/connectors/user-events"
    app.router.add_get(f"{base}/status", worker.status)
    app.router.add_get(f"{base}/offsets", worker.offsets)
    app.router.add_delete(f"{base}/offsets", worker.forget)
    for step in ("stop", "resume"):
        app.router.add_put(f"{base}/{step}", worker.put)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield Connector(session, str(server.make_url("")).rstrip("/"), "user-events")


async def test_offset_is_reset_between_stop_and_resume(
    worker: Worker, connector: Connector
) -> None:
    steps: list[str] = []
    await resnapshot(connector, steps.append)
    assert worker.steps == ["stop", "forget", "resume"]
    assert len(steps) == 3


@pytest.mark.parametrize(
    ("pauses_after", "steps"),
    [
        ("stop", ["stop", "stop", "forget", "resume"]),
        ("resume", ["stop", "forget", "resume", "resume"]),
    ],
)
async def test_step_after_which_the_connector_is_paused_is_done_again(
    worker: Worker, connector: Connector, pauses_after: str, steps: list[str]
) -> None:
    worker.pauses_after = pauses_after
    await resnapshot(connector, lambda _: None)
    assert worker.steps == steps


async def test_connector_that_does_not_stop_keeps_its_offset(
    worker: Worker, connector: Connector
) -> None:
    worker.stops = False
    with pytest.raises(Unavailable, match="does not stop within"):
        await resnapshot(connector, lambda _: None)
    assert worker.offset
    assert worker.steps == ["stop"]


async def test_snapshot_that_fails_is_reported_with_its_cause(
    worker: Worker, connector: Connector
) -> None:
    worker.fails = True
    with pytest.raises(Unavailable, match=r"task 0 is FAILED because .* X: broke"):
        await resnapshot(connector, lambda _: None)
