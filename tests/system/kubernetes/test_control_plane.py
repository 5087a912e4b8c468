"""infra/k8s against Kubernetes' own API server and controllers: `make test-kubernetes`.

No container runs in the pods. The tests cover admission, and what the controllers create.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chassis.testing import eventually
from local_stack.addresses import APIS
from tests.support.kubernetes import control_plane
from tests.support.kubernetes.control_plane import ControlPlane
from tests.support.kubernetes.manifests import OVERLAYS, services, workloads

NAMESPACES = {"dev": "people-dev", "production": "people"}
DEPLOYMENTS = "/apis/apps/v1/namespaces/{}/deployments"
PODS = "/api/v1/namespaces/{}/pods"


@pytest.fixture(scope="module")
async def plane(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlPlane]:
    """Apply both overlays; a fake node reports their pods as running."""
    async with control_plane.running(tmp_path_factory.mktemp("kubernetes")) as plane:
        for overlay in OVERLAYS:
            done = plane.kubectl.overlay("apply", overlay)
            assert done.returncode == 0, done.stderr
            assert "Warning" not in done.stderr, done.stderr
        node = asyncio.create_task(plane.run_pods())
        yield plane
        node.cancel()
        await asyncio.wait([node])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_applying_again_changes_nothing(plane: ControlPlane, overlay: str) -> None:
    differs = plane.kubectl.overlay("diff", overlay)
    assert (differs.returncode, differs.stdout) == (0, ""), differs.stderr


@pytest.mark.parametrize("overlay", OVERLAYS)
async def test_every_pod_is_admitted_and_every_job_done(plane: ControlPlane, overlay: str) -> None:
    """Pod Security checks each pod that a controller creates."""
    namespace = NAMESPACES[overlay]

    async def runs() -> None:
        deployments = await plane.listed(DEPLOYMENTS.format(namespace))
        assert deployments.keys() >= services(overlay).keys()
        for name, one in deployments.items():
            assert one["status"].get("availableReplicas") == one["spec"]["replicas"], name
        jobs = await plane.listed(f"/apis/batch/v1/namespaces/{namespace}/jobs")
        assert jobs.keys() == {n for n, w in workloads(overlay).items() if w["kind"] == "Job"}
        assert {job["status"].get("succeeded") for job in jobs.values()} == {1}

    await eventually(runs, within=60)


async def test_applying_again_keeps_three_replicas_of_each_api(plane: ControlPlane) -> None:
    await eventually(lambda: three_available(plane), within=90)
    assert plane.kubectl.overlay("apply", "production").returncode == 0
    await three_available(plane)


async def three_available(plane: ControlPlane) -> None:
    deployments = await plane.listed(DEPLOYMENTS.format("people"))
    for name in APIS:
        status = deployments[name]["status"]
        assert status["replicas"] == status.get("availableReplicas") == 3, name


async def test_pods_are_evicted_one_at_a_time(plane: ControlPlane) -> None:
    """Evict pods as a node's drain does, which disruption budgets limit."""
    await eventually(lambda: three_available(plane), within=90)
    pods = [name for name in await plane.listed(PODS.format("people")) if "query-api" in name]
    assert [await evicted(plane, name) for name in pods[:2]] == [201, 429]


async def evicted(plane: ControlPlane, name: str) -> int:
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
    path = f"{PODS.format('people')}/{name}/eviction"
    return (await plane.request("POST", path, body))[0]


async def test_rollout_stops_no_pod_before_its_successor_is_ready(plane: ControlPlane) -> None:
    await eventually(lambda: three_available(plane), within=90)
    path = f"{DEPLOYMENTS.format('people')}/command-api"
    template = {"metadata": {"annotations": {"version": "next"}}}
    await plane.request("PATCH", path, {"spec": {"template": template}})
    seen = set()

    async def over() -> None:
        _, one = await plane.request("GET", path)
        seen.add(one["status"].get("availableReplicas", 0))
        assert one["status"]["observedGeneration"] == one["metadata"]["generation"]
        assert one["status"].get("updatedReplicas") == one["status"]["replicas"] == 3

    await eventually(over, within=120, every=0.05)
    assert min(seen) == 3
