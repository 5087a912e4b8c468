"""The supervisor against a fake Connect with every observed failure."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from chassis.problems import Unavailable
from chassis.testing import eventually, serving
from connector_supervisor import connector_metrics, supervisor, unassigned_parts
from connector_supervisor.kafka_connect import Connector
from connector_supervisor.supervisor import Supervisor

CONFIG = {"connector.class": "Debezium", "database.password": "${env:DEBEZIUM_PASSWORD}"}
REFUSED_ROW = (
    "ConnectException: An exception occurred\n\tat x\nCaused by: io.debezium.DebeziumException:"
    " Error processing row in user_event, internal schema size 11, but row size 12 , restart"
)
TRACE = "ConnectException: it broke\n\tat x\nCaused by: SQLException: gone away\n\tat y"


@dataclass
class Worker:
    """A Kafka Connect worker's state of one connector."""

    config: dict[str, str] | None = None
    states: list[str] = field(default_factory=lambda: ["RUNNING"])
    connector: str = "RUNNING"
    refuses: str | None = None
    answers: int = 200
    puts: int = 0
    restarts: int = 0
    restarts_of_all: int = 0
    heals: bool = True
    trace: str = TRACE
    invalid: str | None = None
    """An error that only the validation reports; Connect 4.3 returns 500 for the configuration."""

    async def get_config(self, _request: web.Request) -> web.Response:
        if self.config is None or self.answers != 200:
            return web.json_response({}, status=404 if self.answers == 200 else self.answers)
        return web.json_response(self.config | {"name": "user-events"})

    async def put_config(self, request: web.Request) -> web.Response:
        self.puts += 1
        if self.invalid:
            return web.json_response(
                {"message": "Cannot invoke ConfigValueInfo.errors()"}, status=500
            )
        if self.refuses:
            return web.json_response({"message": self.refuses}, status=400)
        self.config = await request.json()
        return web.json_response({}, status=201)

    async def validate(self, _request: web.Request) -> web.Response:
        errors = [self.invalid] if self.invalid else []
        value = {"name": "database.hostname", "errors": errors}
        return web.json_response({"configs": [{"value": value}, {"value": None}]})

    async def status(self, _request: web.Request) -> web.Response:
        tasks: list[dict[str, Any]] = [
            {"id": number, "state": state, "trace": self.trace if state == "FAILED" else ""}
            for number, state in enumerate(self.states)
        ]
        return web.json_response({"connector": {"state": self.connector}, "tasks": tasks})

    async def restart(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return web.Response(status=415)  # as Kafka Connect does, body or no body
        assert request.query["includeTasks"] == "true"
        if request.query["onlyFailed"] == "true":
            self.restarts += 1
        else:
            self.restarts_of_all += 1
        if self.heals:
            self.states, self.connector = ["RUNNING"], "RUNNING"
        return web.Response(status=202, text="null")


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
async def supervised(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Supervisor]:
    """Run a supervisor whose intervals are a hundred times shorter."""
    monkeypatch.setattr(supervisor, "EVERY", 0.01)
    monkeypatch.setattr(supervisor, "PAUSES", (0.01, 0.02, 0.04))
    app = web.Application()
    base = "/connectors/user-events"
    app.router.add_get(f"{base}/config", worker.get_config)
    app.router.add_put(f"{base}/config", worker.put_config)
    app.router.add_get(f"{base}/status", worker.status)
    app.router.add_put("/connector-plugins/Debezium/config/validate", worker.validate)
    app.router.add_post(f"{base}/restart", worker.restart)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        connector = Connector(session, str(server.make_url("")).rstrip("/"), "user-events")
        running = Supervisor(connector, CONFIG)
        async with serving(running):
            yield running


async def ready(supervised: Supervisor) -> None:
    try:
        await supervised.ready()
    except Unavailable as trouble:
        raise AssertionError(trouble.detail) from trouble


def running() -> dict[str, float]:
    """Return the metric by part."""
    (metric,) = connector_metrics.RUNNING.collect()
    return {sample.labels["part"]: sample.value for sample in metric.samples}


async def not_ready(supervised: Supervisor, reason: str) -> None:
    with pytest.raises(Unavailable, match=reason):
        await supervised.ready()


async def test_missing_connector_is_created_once(worker: Worker, supervised: Supervisor) -> None:
    await eventually(lambda: ready(supervised))
    assert (worker.config, worker.puts) == (CONFIG, 1)


async def test_changed_configuration_is_restored(worker: Worker, supervised: Supervisor) -> None:
    await eventually(lambda: ready(supervised))
    worker.config = {"connector.class": "Other"}

    async def is_ours() -> None:
        assert worker.config == CONFIG

    await eventually(is_ours)


async def test_failed_task_is_restarted_although_connector_reports_running(
    worker: Worker, supervised: Supervisor
) -> None:
    worker.states = ["FAILED"]

    async def restarted() -> None:
        assert worker.restarts == 1

    await eventually(restarted)
    await eventually(lambda: ready(supervised))
    assert worker.restarts == 1


async def test_repeatedly_failing_task_is_reported_with_its_cause(
    worker: Worker, supervised: Supervisor
) -> None:
    worker.states, worker.heals = ["FAILED"], False
    await eventually(lambda: not_ready(supervised, "task 0 is FAILED .*SQLException: gone away"))

    async def restarted_often() -> None:
        assert worker.restarts > len(supervisor.PAUSES)

    await eventually(restarted_often)


async def test_rejected_configuration_is_reported_with_connect_s_message(
    worker: Worker, supervised: Supervisor
) -> None:
    worker.refuses = "The database is not there"
    await eventually(lambda: not_ready(supervised, "The database is not there"))


async def test_unavailable_worker_is_retried(worker: Worker, supervised: Supervisor) -> None:
    worker.answers = 500
    await eventually(lambda: not_ready(supervised, "returned 500"))
    assert running() == {"connector": 0}
    worker.answers = 200
    await eventually(lambda: ready(supervised))
    assert running() == {"connector": 1, "task 0": 1}


async def test_paused_task_stays_paused(worker: Worker, supervised: Supervisor) -> None:
    worker.states = ["PAUSED"]
    await eventually(lambda: not_ready(supervised, "task 0 is PAUSED"))
    assert running() == {"connector": 1, "task 0": 0}
    assert worker.restarts == 0


@pytest.mark.parametrize(
    ("connector", "states"),
    [("RUNNING", ["UNASSIGNED"]), ("UNASSIGNED", ["RUNNING"]), ("UNASSIGNED", [])],
)
async def test_part_that_stays_unassigned_is_restarted_and_counted(
    worker: Worker,
    supervised: Supervisor,
    monkeypatch: pytest.MonkeyPatch,
    connector: str,
    states: list[str],
) -> None:
    monkeypatch.setattr(unassigned_parts, "BOUNDS", (0.1, 5.0))
    await eventually(lambda: ready(supervised))
    before = _restarts()
    with capture_logs() as logs:
        worker.connector, worker.states = connector, states

        async def restarted() -> None:
            assert worker.restarts_of_all == 1

        await eventually(restarted)
        await eventually(lambda: ready(supervised))
    assert (worker.restarts, worker.restarts_of_all) == (0, 1)
    assert _restarts() == before + 1
    (line,) = [one for one in logs if one["event"] == "restarting unassigned parts"]
    assert line["log_level"] == "warning"
    unassigned = "task 0" if connector == "RUNNING" else "connector"
    assert (line["parts"], line["bound"]) == ([unassigned], 0.1)


async def test_part_that_is_unassigned_for_seconds_is_not_restarted(
    worker: Worker, supervised: Supervisor
) -> None:
    worker.states = ["UNASSIGNED"]
    await eventually(lambda: not_ready(supervised, "task 0 is UNASSIGNED"))
    assert (worker.restarts, worker.restarts_of_all) == (0, 0)


async def test_restart_that_does_not_help_is_not_repeated_at_once(
    worker: Worker, supervised: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unassigned_parts, "BOUNDS", (0.05, 60.0))
    worker.states, worker.heals = ["UNASSIGNED"], False

    async def restarted() -> None:
        assert worker.restarts_of_all == 1

    await eventually(restarted)
    await asyncio.sleep(0.3)
    assert worker.restarts_of_all == 1


def _restarts() -> float:
    (metric,) = connector_metrics.RESTARTS.collect()
    return next(one.value for one in metric.samples if one.name.endswith("_total"))


async def test_no_task_yet_is_not_ready(worker: Worker, supervised: Supervisor) -> None:
    worker.states = []
    await eventually(lambda: not_ready(supervised, "no task yet"))
    assert running() == {"connector": 0}


async def test_invalid_configuration_that_connect_answers_with_500_is_explained(
    worker: Worker, supervised: Supervisor
) -> None:
    worker.invalid = "Unable to connect: Access denied for user 'debezium'@'localhost'"
    await eventually(lambda: not_ready(supervised, "MySQL refuses the connector's login"))
    assert "MySQL login refused" in needs_operator()


async def test_failure_that_a_restart_cannot_fix_is_reported_and_retried_slowly(
    worker: Worker, supervised: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.states, worker.heals, worker.trace = ["FAILED"], False, REFUSED_ROW
    await eventually(lambda: not_ready(supervised, "12 values and the connector knows 11 columns"))
    assert needs_operator() == {"row does not fit table"}
    assert supervised.unreadable
    assert worker.restarts == 1
    monkeypatch.setattr(supervisor, "SLOWLY", 0.05)

    async def retried() -> None:
        assert worker.restarts > 1

    await eventually(retried)


async def test_alert_of_a_failure_outlasts_the_moment_after_a_restart(
    worker: Worker, supervised: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.states, worker.trace = ["FAILED"], REFUSED_ROW
    await eventually(lambda: ready(supervised))
    assert needs_operator() == {"row does not fit table"}
    monkeypatch.setattr(supervisor, "STEADY", 0.05)

    async def ended() -> None:
        assert not needs_operator()

    await eventually(ended)


def needs_operator() -> set[str]:
    (metric,) = connector_metrics.NEEDS_OPERATOR.collect()
    return {sample.labels["cause"] for sample in metric.samples}
