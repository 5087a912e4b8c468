"""The connector: put, then watched until it and its task run; a failed task is started again."""

import json
import time
from pathlib import Path
from typing import Any

import httpx
from pydantic import Field
from pydantic_settings import BaseSettings

from chassis.settings import load, settings_config
from platform_setup import INFRA, SetupError

# A worker that has just started refuses (409, 500) while it joins its group, and answers 404 about
# a connector it has not yet heard of.
NOT_YET = (404, 409, 500, 503)
BACK_OFF = (1.0, 2.0, 4.0, 8.0)


class Settings(BaseSettings):
    """Where Kafka Connect is, and how long to wait for it."""

    model_config = settings_config("SETUP_CONNECT_")

    url: str = "http://127.0.0.1:8083"
    connector: str = "user-events"
    within: float = Field(60.0, gt=0, description="Seconds until the task must run.")
    file: Path = INFRA / "connect" / "user-events.json"


def run() -> None:
    """Raise SetupError if the connector or its task does not run in time."""
    settings = load(Settings)
    config = json.loads(settings.file.read_text())
    deadline = time.monotonic() + settings.within
    base_url = f"{settings.url}/connectors/{settings.connector}"
    try:
        with httpx.Client(base_url=base_url, timeout=30, trust_env=False) as connect:
            put(connect, config, deadline)
            wait_until_running(connect, deadline)
    except httpx.HTTPError as error:
        raise SetupError(f"Kafka Connect at {settings.url}: {error!r}") from error
    print(f"connector: {settings.connector} and its task are running")


def put(connect: httpx.Client, config: dict[str, str], deadline: float) -> None:
    """Raise SetupError with Connect's own words if it refuses the configuration."""
    while True:
        answer = connect.put("/config", json=config)
        if answer.is_success:
            return
        if answer.status_code not in NOT_YET or time.monotonic() > deadline:
            raise SetupError(f"the configuration was refused: {message(answer)}")
        time.sleep(0.5)


def wait_until_running(connect: httpx.Client, deadline: float) -> None:
    """Start a failed task again, each time after a longer pause; raise SetupError at the end."""
    pauses = iter(BACK_OFF)
    while True:
        status = connect.get("/status")
        parts = states(status.json()) if status.is_success else {}
        if parts and all(state == "RUNNING" for state, _ in parts.values()):
            return
        failures = [
            f"{part}: {trace}" for part, (state, trace) in parts.items() if state == "FAILED"
        ]
        pause = next(pauses, None) if failures else 0.2
        if failures:
            print(f"connector: {failures[0]}", flush=True)
        if pause is None or time.monotonic() > deadline:
            raise SetupError(failures[0] if failures else f"not running in time: {parts}")
        time.sleep(pause)
        if failures:
            connect.post("/restart", params={"includeTasks": "true", "onlyFailed": "true"})


def states(status: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """What runs → its state and its trace's first line; nothing while the task does not exist."""
    if not status["tasks"]:
        return {}
    parts = {"connector": status["connector"]}
    parts |= {f"task {task['id']}": task for task in status["tasks"]}
    return {
        name: (part["state"], first_line(part.get("trace") or "")) for name, part in parts.items()
    }


def first_line(trace: str) -> str:
    """The root cause if the trace names one, else its first line."""
    lines = trace.splitlines()
    causes = [line for line in lines if line.startswith("Caused by: ")]
    return (causes or lines or [""])[-1 if causes else 0]


def message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError):
        return f"HTTP {answer.status_code}"
