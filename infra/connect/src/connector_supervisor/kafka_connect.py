"""One connector, over the REST interface of Kafka Connect."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from chassis.problems import Unavailable

JSON = {"Content-Type": "application/json"}  # also where there is no body: Connect answers 415


class Refused(Exception):
    """Connect does not take the configuration; the message is its own."""


@dataclass(frozen=True, slots=True)
class Part:
    """The connector, or one of its tasks."""

    name: str
    state: str
    cause: str
    """Of a failure: the root cause that its trace names; else empty."""


class Connector:
    """Each method raises Unavailable when Connect is away, or busy with joining its group."""

    def __init__(self, session: aiohttp.ClientSession, url: str, name: str) -> None:
        self._session = session
        self._url = f"{url}/connectors/{name}"
        self._name = name

    async def config(self) -> dict[str, str] | None:
        """The configuration as it was put; None: there is no such connector."""
        found = await self._ask("GET", "/config")
        if found is None:
            return None
        return {key: value for key, value in found.items() if key != "name"}

    async def put(self, config: Mapping[str, str]) -> None:
        """Create or change the connector; the same again changes nothing. Raises Refused."""
        await self._ask("PUT", "/config", json=config)

    async def parts(self) -> list[Part]:
        """The connector and its tasks; nothing while there are no tasks yet."""
        status = await self._ask("GET", "/status")
        if status is None or not status["tasks"]:
            return []
        tasks = [_part(f"task {task['id']}", task) for task in status["tasks"]]
        return [_part("connector", status["connector"]), *tasks]

    async def restart_failed(self) -> None:
        """Start what has failed again, and nothing else (KIP-745)."""
        await self._ask("POST", "/restart", params={"includeTasks": "true", "onlyFailed": "true"})

    async def _ask(self, method: str, path: str, **content: Any) -> Any:
        """The answer's JSON; None when the connector is not known."""
        try:
            async with self._session.request(
                method, self._url + path, headers=JSON, **content
            ) as response:
                match response.status:
                    case 404:
                        return None
                    case 400 | 422:
                        raise Refused((await response.json())["message"])
                    case status if status >= 300:  # noqa: PLR2004 - 409 and 500: it joins its group
                        raise Unavailable(f"Kafka Connect answers {status}")
                return await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"Kafka Connect is away: {error!r}") from error


def _part(name: str, status: Mapping[str, Any]) -> Part:
    lines = (status.get("trace") or "").splitlines()
    causes = [line for line in lines if line.startswith("Caused by: ")]
    return Part(name, status["state"], [*lines[:1], *causes][-1] if lines else "")
