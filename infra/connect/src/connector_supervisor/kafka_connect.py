"""Client of Kafka Connect's REST API for one connector."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from chassis.problems import Unavailable
from connector_supervisor.failure_causes import Cause, explained

NO_CONTENT = 204
UNASSIGNED = "UNASSIGNED"  # the state of what no worker runs
JSON = {"Content-Type": "application/json"}  # also without a body: else Connect returns 415


class Refused(Exception):
    """Connect rejects the configuration; the message is its own."""


@dataclass(frozen=True, slots=True)
class Part:
    """The connector, or one of its tasks."""

    name: str
    state: str
    cause: Cause | None
    """Cause of a failure, from its trace."""

    def __str__(self) -> str:
        because = f" because {self.cause.sentence}" if self.cause else ""
        return f"{self.name} is {self.state}{because}"


@dataclass(frozen=True, slots=True)
class Progress:
    """gtids: MySQL's transactions that the committed offset covers; empty before the first."""

    gtids: str
    causes: list[Cause]
    runs: bool
    """Whether any part does."""


class Connector:
    """Client; methods raise Unavailable when Connect is unavailable or rebalancing."""

    def __init__(self, session: aiohttp.ClientSession, url: str, name: str) -> None:
        self._session = session
        self._connect = url
        self._url = f"{url}/connectors/{name}"
        self._name = name

    async def config(self) -> dict[str, str] | None:
        """Return the configuration as it was put; None if there is no such connector."""
        found = await self._connector_request("GET", "/config")
        if found is None:
            return None
        return {key: value for key, value in found.items() if key != "name"}

    async def put(self, config: Mapping[str, str]) -> None:
        """Create or change the connector; the same configuration is a no-op. Raises Refused.

        For an invalid configuration of Debezium 3.6, Connect 4.3 returns 500 and the message of a
        NullPointerException; the reason is then in the response of its validation.
        """
        try:
            await self._connector_request("PUT", "/config", json=config)
        except Unavailable as error:
            if invalid := await self._validation_errors(config):
                raise Refused(invalid) from error
            raise

    async def parts(self) -> list[Part]:
        """Return the connector and its tasks; nothing while it runs and has no tasks yet."""
        status = await self._connector_request("GET", "/status")
        if status is None or not (status["tasks"] or status["connector"]["state"] == UNASSIGNED):
            return []
        tasks = [_part(f"task {task['id']}", task) for task in status["tasks"]]
        return [_part("connector", status["connector"]), *tasks]

    async def restart_failed(self) -> None:
        """Restart the failed parts only (KIP-745)."""
        await self._connector_request(
            "POST", "/restart", params={"includeTasks": "true", "onlyFailed": "true"}
        )

    async def restart_all(self) -> None:
        """Restart the connector and all of its tasks, whatever their state."""
        await self._connector_request(
            "POST", "/restart", params={"includeTasks": "true", "onlyFailed": "false"}
        )

    async def pause(self) -> None:
        """Stop publishing, but keep the tasks; survives a restart of Connect."""
        await self._connector_request("PUT", "/pause")

    async def stop(self) -> None:
        """End the tasks (KIP-875); offsets may be changed once `is_stopped`."""
        await self._connector_request("PUT", "/stop")

    async def is_paused(self) -> bool:
        """Whether the connector is paused, with or without tasks."""
        status = await self._connector_request("GET", "/status")
        return bool(status and status["connector"]["state"] == "PAUSED")

    async def is_stopped(self) -> bool:
        """Whether the connector is stopped and no task is left."""
        status = await self._connector_request("GET", "/status")
        return bool(status and status["connector"]["state"] == "STOPPED" and not status["tasks"])

    async def resume(self) -> None:
        """Start what is paused or stopped."""
        await self._connector_request("PUT", "/resume")

    async def forget_offsets(self) -> None:
        """Reset the offsets of a stopped connector (KIP-875), so that it starts with a snapshot."""
        await self._connector_request("DELETE", "/offsets")

    async def progress(self) -> Progress:
        """Return how far it has read, and why it fails."""
        parts = await self.parts()
        answer = await self._connector_request("GET", "/offsets")
        offsets = [one["offset"] or {} for one in (answer or {}).get("offsets", ())]
        return Progress(
            next((str(one["gtids"]) for one in offsets if "gtids" in one), ""),
            [part.cause for part in parts if part.cause],
            any(part.state == "RUNNING" for part in parts),
        )

    async def _validation_errors(self, config: Mapping[str, str]) -> str:
        """Return the plugin's validation errors of a configuration; empty: none, or no response."""
        plugin = config.get("connector.class", "").rpartition(".")[2]
        url = f"{self._connect}/connector-plugins/{plugin}/config/validate"
        try:
            answer = await self._request("PUT", url, json={"name": self._name, **config})
        except Unavailable:
            return ""
        values = [one["value"] for one in (answer or {}).get("configs", ()) if one.get("value")]
        return "; ".join(
            f"{one['name']}: {', '.join(one['errors'])}" for one in values if one["errors"]
        )

    async def _connector_request(self, method: str, path: str, **content: Any) -> Any:
        """Return the response's JSON; None when the connector is unknown."""
        return await self._request(method, self._url + path, **content)

    async def _request(self, method: str, url: str, **content: Any) -> Any:
        try:
            async with self._session.request(method, url, headers=JSON, **content) as response:
                match response.status:
                    case 404:
                        return None
                    case 400 | 422:
                        raise Refused((await response.json())["message"])
                    case status if status >= 300:  # noqa: PLR2004 - 409 and 500: it joins its group
                        raise Unavailable(f"Kafka Connect returned {status}")
                return (
                    await response.json(content_type=None) if response.status != NO_CONTENT else {}
                )
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"Kafka Connect is unavailable: {error!r}") from error


def _part(name: str, status: Mapping[str, Any]) -> Part:
    trace = status.get("trace")
    return Part(name, status["state"], explained(trace) if trace else None)
