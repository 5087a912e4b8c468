"""CPU requests of infra/k8s/overlays/dev: all pods fit a node of two cores."""

from collections.abc import Iterator
from typing import Any

from tests.support.kubernetes.manifests import Resource, resources, template
from tests.support.stack.programs import PREFIXES

CORES = 2000  # thousandths
OPERATOR = 200  # Strimzi's, by its installation files
SYSTEM = 200  # CoreDNS 100, and 100 for others
OF_AN_AGGREGATE = 350  # five services and two jobs
SERVERS = {"KafkaNodePool", "KafkaConnect"}  # one pod each, created by the operator


def thousandths(cpu: str) -> int:
    return int(cpu.removesuffix("m")) if cpu.endswith("m") else int(float(cpu) * 1000)


def cpu(container: dict[str, Any]) -> int:
    return thousandths(container["resources"]["requests"]["cpu"])


def requested(resource: Resource) -> int:
    """Return the CPU of a resource's pod: of the larger of its phases."""
    if resource["kind"] in SERVERS:
        return thousandths(resource["spec"]["resources"]["requests"]["cpu"])
    spec = template(resource)["spec"]
    first = max(map(cpu, spec.get("initContainers", [])), default=0)
    return max(first, sum(map(cpu, spec["containers"])))


def at_once() -> Iterator[tuple[str, int]]:
    """Yield the pods of a first start: services, servers and jobs; a CronJob is suspended."""
    for one in resources("dev"):
        if one["kind"] in {"Deployment", "StatefulSet", "Job", *SERVERS}:
            assert one["spec"].get("replicas", 1) == 1
            yield f"{one['kind']} {one['metadata']['name']}", requested(one)


def test_development_fits_two_cores_with_the_jobs_the_operator_and_the_system_s_pods() -> None:
    pods = dict(at_once())
    assert len(pods) >= 17
    more = (len(PREFIXES) - 1) * OF_AN_AGGREGATE  # of aggregates that were generated
    assert sum(pods.values()) <= CORES - OPERATOR - SYSTEM + more, pods
