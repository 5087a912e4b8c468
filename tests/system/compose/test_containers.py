"""The containers as Docker describes them, and their behaviour."""

import re
from functools import partial
from typing import Any

import pytest

from chassis.testing import eventually
from local_stack.addresses import MORE_SERVICES, MORE_SUPERVISORS, Addresses
from local_stack.layout import AGGREGATES
from tests.support.clients.api_clients import ApiClient
from tests.support.stack.containers import ROOT, compose, containers, metrics, packages
from tests.support.stack.survival import created, visible

JOBS = {
    *("mysql-users", "migrate", "topics", "schema-rule"),
    *(f"{aggregate.name}-migrate" for aggregate in AGGREGATES),
}
# Their entrypoints write to their own folders: plugins and settings, a key store.
WRITES_ITS_OWN_FOLDERS = {"connect", "opensearch"}
APIS = ["command-api", "query-api", "search-api"]
OURS = [
    *(*APIS, "redis-projector", "search-projector", "connector-supervisor", "canary", "console"),
    *(*MORE_SERVICES, *MORE_SUPERVISORS),
]
LASTING = [
    *OURS,
    "erasure-ledger",
    "proxy",
    "redis",
    "opensearch",
    "registry",
    "connect",
    "kafka",
    "mysql",
]
# It listens on no port, and its image is that of the jobs.
WITHOUT_HEALTH_CHECK = {"erasure-ledger"}
PROJECTORS = {"redis-projector": 9003, "search-projector": 9004}


def service_of(container: dict[str, Any]) -> str:
    service: str = container["Config"]["Labels"]["com.docker.compose.service"]
    return service


pytestmark = pytest.mark.e2e


def test_every_service_has_its_container(stack: Addresses) -> None:
    assert {service_of(one) for one in containers()} == {*LASTING, *JOBS}


def test_every_container_is_confined(stack: Addresses) -> None:
    for container in containers():
        service, host = service_of(container), container["HostConfig"]
        assert container["Config"]["User"] not in {"", "root", "0", "0:0"}, service
        assert host["CapDrop"] == ["ALL"], service
        assert not host["CapAdd"], service
        assert not host["Privileged"], service
        assert host["SecurityOpt"] == ["no-new-privileges:true"], service
        assert host["ReadonlyRootfs"] is (service not in WRITES_ITS_OWN_FOLDERS), service
        assert host["Memory"] > 0, service
        assert host["PidsLimit"] > 0, service
        assert host["Init"], service


def test_every_lasting_container_is_healthy_and_comes_back(stack: Addresses) -> None:
    for container in containers():
        service, state = service_of(container), container["State"]
        if service in LASTING:
            assert state["Running"], service
            assert container["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped", service
        else:
            assert state["ExitCode"] == 0, service
        if service in {*LASTING} - WITHOUT_HEALTH_CHECK:
            assert state["Health"]["Status"] == "healthy", service


def test_no_secret_is_in_a_container_s_description(stack: Addresses) -> None:
    assert "development-only" not in str(containers())


@pytest.mark.parametrize("service", [*APIS, *PROJECTORS])
def test_image_has_exactly_the_packages_of_its_lock(stack: Addresses, service: str) -> None:
    (container,) = containers(service)
    lock = (ROOT / "services" / service / "requirements.lock").read_text()
    named = set(re.findall(r"^([\w.-]+)(?:\[.+\])?==", lock, re.MULTILINE))
    library = "projections" if service in PROJECTORS else "http2"
    assert packages(container["Id"]) - named == {library, "chassis", "contracts", service}


@pytest.mark.parametrize("service", LASTING)
async def test_restarted_container_recovers_without_loss(
    stack: Addresses, http: ApiClient, service: str
) -> None:
    before = await created(http)
    compose("stop", service)
    if service in OURS:
        assert [one["State"]["ExitCode"] for one in containers(service)] == [0]
    compose("start", service)
    after = await eventually(lambda: created(http), within=60, every=0.5)
    for user in (before, after):
        await eventually(partial(visible, http, user), within=90, every=0.5)


async def test_two_projectors_share_the_partitions_and_lose_nothing(
    stack: Addresses, http: ApiClient
) -> None:
    scaled = [word for service in PROJECTORS for word in ("--scale", f"{service}=2")]
    compose("up", "--wait", "--no-recreate", *scaled)

    for service, port in PROJECTORS.items():
        await eventually(partial(shared, service, port), within=60, every=1)
    for user in [await created(http) for _ in range(20)]:
        await eventually(partial(visible, http, user), within=30, every=0.2)


async def shared(service: str, port: int) -> None:
    """Two containers of the service have two partitions each."""
    parts = [partitions(one["Id"], port) for one in containers(service)]
    assert [len(part) for part in parts] == [2, 2]
    assert set.union(*parts) == {"0", "1", "2", "3"}


def partitions(container: str, port: int) -> set[str]:
    """Return the partitions that a projector reports."""
    lag = [line for line in metrics(container, port) if line.startswith("projector_lag_records{")]
    return {line.split('"')[1] for line in lag}


async def test_three_query_apis_share_the_published_port(stack: Addresses, http: ApiClient) -> None:
    compose("up", "--wait", "--no-recreate", "--scale", "query-api=3")

    async def all_answer() -> None:
        await http.list_page(limit=1)
        served = [metrics(one["Id"], 9001) for one in containers("query-api")]
        assert len(served) == 3
        for lines in served:
            assert any('route="/user",status="200"' in line for line in lines)

    await eventually(all_answer, within=30, every=0.5)
