"""Client of Prometheus's HTTP API, and a test's own Prometheus with short intervals."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from chassis.testing import eventually
from local_stack import stack as local_stack
from local_stack.addresses import Addresses

RULES = Path(__file__).parents[3] / "infra" / "prometheus" / "alerts.yml"
SECONDS = 1  # between two scrapes of a test's own Prometheus
WINDOW = 25  # seconds; covers the canary's last two successes, and a scrape or two besides
WAIT = 2  # seconds


@dataclass(frozen=True, slots=True)
class Prometheus:
    """Client; raises AssertionError when Prometheus is unavailable or rejects a request."""

    url: str

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series of an instant query, each with `metric` (its labels) and `value`."""
        answer = await self._request("query", query=expression)
        found: list[dict[str, Any]] = answer["result"]
        return found

    async def selectors(self, expression: str) -> list[str]:
        """Return every series selector in an expression, as parsed by Prometheus."""
        tree = await self._request("parse_query", query=expression)
        return sorted({_selector(node) for node in _nodes(tree)})

    async def exports(self, metric: str) -> bool:
        """Return whether a target exports the metric, even without a series at the moment."""
        return metric in await self._request("metadata", metric=metric)

    async def firing(self) -> dict[tuple[str, str], str]:
        """Return the firing alerts: alert and job → all annotations."""
        answer = await self._request("alerts")
        return {
            (one["labels"]["alertname"], one["labels"].get("job", "")): str(one["annotations"])
            for one in answer["alerts"]
            if one["state"] == "firing"
        }

    async def _request(self, path: str, **parameters: str) -> Any:
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session,
                session.get(f"{self.url}/api/v1/{path}", params=parameters) as response,
            ):
                answer = await response.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AssertionError(error) from error
        assert answer["status"] == "success", (parameters, answer)
        return answer["data"]


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        if "matchers" in tree:
            yield tree
        for part in tree.values():
            yield from _nodes(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from _nodes(part)


def _selector(node: dict[str, Any]) -> str:
    matchers = [f"{m['name']}{m['type']}{json.dumps(m['value'])}" for m in node["matchers"]]
    return "{" + ",".join(matchers) + "}"


def shortened(rules: str) -> str:
    """Return the rules with every window and every wait shortened, and nothing else changed."""
    cut = re.sub(r"\[\w+\]", f"[{WINDOW}s]", rules)
    return re.sub(r"(?m)^(\s+for:) \w+$", rf"\1 {WAIT}s", cut)


@asynccontextmanager
async def hasty(stack: Addresses, home: Path) -> AsyncIterator[Prometheus]:
    """Run a Prometheus on the stack's own targets with the shortened rules, during the block."""
    (home / "alerts.yml").write_text(shortened(RULES.read_text()))
    config = yaml.safe_load((Path(stack.home) / "conf" / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": f"{SECONDS}s", "evaluation_interval": f"{SECONDS}s"}
    config["rule_files"] = [str(home / "alerts.yml")]
    (home / "prometheus.yml").write_text(yaml.safe_dump(config))
    with socket.create_server(("127.0.0.1", 0)) as unused:
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    process = await asyncio.create_subprocess_exec(
        local_stack.fetch().packages / "usr/bin/prometheus",
        f"--config.file={home / 'prometheus.yml'}",
        f"--storage.tsdb.path={home / 'data'}",
        f"--web.listen-address={address}",
        stderr=asyncio.subprocess.DEVNULL,
    )
    prometheus = Prometheus(f"http://{address}")
    try:
        await eventually(lambda: prometheus.query("up"), within=30)
        yield prometheus
    finally:
        process.terminate()
        await process.wait()
