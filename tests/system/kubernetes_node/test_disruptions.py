"""Rollouts, killed pods: no request fails, no event is lost."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import aiohttp
import pytest

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import HttpClient
from tests.support.kubernetes.development import NAMESPACE
from tests.support.kubernetes.kubectl import Kubectl
from tests.support.stack.survival import created, visible

ROLLS_WITHIN = "--timeout=120s"


async def roll(kubectl: Kubectl, deployment: str) -> None:
    for words in (("restart", deployment), ("status", deployment, ROLLS_WITHIN)):
        await asyncio.to_thread(kubectl, "rollout", *words)


@asynccontextmanager
async def requested(url: str, body: dict[str, str] | None) -> AsyncIterator[list[int | str]]:
    """Send a request after the other, each on a connection of its own; yield their results."""
    results: list[int | str] = []
    done = asyncio.Event()

    async def client() -> None:
        while not done.is_set():
            async with aiohttp.ClientSession() as session:
                method = "POST" if body else "GET"
                try:
                    async with session.request(method, url, json=body) as response:
                        results.append(response.status)
                except aiohttp.ClientError as error:
                    results.append(repr(error))

    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):
            tasks.create_task(client())
        try:
            yield results
        finally:
            done.set()


@pytest.mark.parametrize(
    ("api", "path", "body"),
    [
        ("command-api", "/user", {"first_name": "Ann", "last_name": "Lee"}),
        ("query-api", "/user", None),
        ("search-api", "/user/search?q=ann", None),
    ],
)
async def test_rolling_update_under_load_fails_no_request(
    kubectl: Kubectl, stack: Addresses, api: str, path: str, body: dict[str, str] | None
) -> None:
    async with requested(stack.http[api] + path, body) as results:
        await roll(kubectl, f"deployment/{api}")
    assert len(results) > 100
    assert set(results) == {201 if body else 200}


@pytest.mark.parametrize("projector", ["redis-projector", "search-projector"])
async def test_projector_killed_in_the_middle_of_a_batch_loses_nothing(
    kubectl: Kubectl, http: HttpClient, projector: str
) -> None:
    users = [await created(http) for _ in range(100)]
    selector = f"--selector=app.kubernetes.io/name={projector}"
    await asyncio.to_thread(kubectl, "delete", "pod", selector, "--grace-period=0", "--force")
    users += [await created(http) for _ in range(100)]
    for user in users:
        await eventually(partial(visible, http, user), within=120, every=0.5)
    await asyncio.to_thread(kubectl, "rollout", "status", f"deployment/{projector}", ROLLS_WITHIN)


async def test_evictions_one_at_a_time_fail_no_request(kubectl: Kubectl, stack: Addresses) -> None:
    """As a drain of a node does; the disruption budget refuses the second at once."""
    await asyncio.to_thread(kubectl, "scale", "deployment/query-api", "--replicas=2")
    await asyncio.to_thread(kubectl, "rollout", "status", "deployment/query-api", ROLLS_WITHIN)
    pods = kubectl.get("pods", "--selector=app.kubernetes.io/name=query-api")["items"]
    first, second = [one["metadata"]["name"] for one in pods]
    async with requested(stack.http["query-api"] + "/user", None) as results:
        assert evicted(kubectl, first) == ""
        assert "disruption budget" in evicted(kubectl, second)
        await asyncio.to_thread(kubectl, "rollout", "status", "deployment/query-api", ROLLS_WITHIN)
    assert set(results) == {200}
    await asyncio.to_thread(kubectl, "scale", "deployment/query-api", "--replicas=1")


def evicted(kubectl: Kubectl, pod: str) -> str:
    """Evict a pod; return the error."""
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}/eviction"
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
    return kubectl.run("create", "--raw", path, "-f", "-", given=json.dumps(body)).stderr


def test_views_are_complete_at_the_end(kubectl: Kubectl) -> None:
    kubectl("create", "job", "--from=cronjob/view-verifier", "verification")
    kubectl("wait", "job/verification", "--for=condition=Complete", "--timeout=180s")
