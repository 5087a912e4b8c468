"""Network policies on Kubernetes."""

from urllib.parse import urlsplit

import pytest

from local_stack.addresses import APIS, SERVICES
from tests.support.kubernetes.manifests import (
    OVERLAYS,
    Resource,
    environment,
    of_kind,
    pod,
    workloads,
)
from tests.support.kubernetes.network_policies import SERVERS, labels, may, port_of, ports, selects
from tests.support.stack.programs import PREFIXES, every

# All permitted connections, except those from outside.
OF_AN_AGGREGATE = {
    "command-api": {"mysql"},
    "query-api": {"redis"},
    "search-api": {"opensearch"},
    "redis-projector": {"kafka", "registry", "redis"},
    "search-projector": {"kafka", "registry", "opensearch"},
    "migrate": {"mysql"},
    "view-verifier": {"mysql", "redis", "opensearch"},
}
TALKS = {one + name: to for one in PREFIXES for name, to in OF_AN_AGGREGATE.items()} | {
    "canary": {"command-api", "query-api", "search-api"},
    "console": {"command-api", "query-api", "search-api", "kafka"},
    "mysql-users": {"mysql"},
    "topics": {"kafka"},
    "erasure-ledger": {"kafka", "registry"},
    "restore": {"kafka", "registry", "mysql"},
    "schema-rule": {"registry"},
    "registry": {"kafka"},
    "connect": {"kafka", "mysql", "registry"},
}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_policies_deny_by_default(overlay: str) -> None:
    deny = of_kind(overlay, "NetworkPolicy")["deny"]["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("client", TALKS)
def test_program_reaches_only_its_dependencies(overlay: str, client: str) -> None:
    servers = {*SERVERS, *every(*APIS)} - {client, "connect"}
    reached = {s for s in servers if may(overlay, client, s, port_of(overlay, s))}
    assert reached == TALKS[client]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_configured_address_is_reachable(overlay: str) -> None:
    for name, workload in workloads(overlay).items():
        configured = addresses(environment(overlay, workload))
        assert configured, name
        for host, port in configured:
            server = server_of(host)
            assert may(overlay, name, server, port), f"{name} → {host}:{port}"


def addresses(variables: dict[str, str]) -> set[tuple[str, int]]:
    """Return host and port of everything that a program is configured to call in this cluster."""
    found = set()
    for variable, value in variables.items():
        if variable.endswith("JWKS_URL"):
            continue
        if variable.endswith("_URL"):
            url = urlsplit(value)
            found.add((url.hostname or "", url.port or 0))
        elif variable.endswith("_BOOTSTRAP"):
            host, _, port = value.partition(":")
            found.add((host, int(port)))
        elif variable.endswith("MYSQL_HOST"):
            found.add((value, int(variables[variable.removesuffix("HOST") + "PORT"])))
    return found


def server_of(host: str) -> str:
    return {"people-kafka-bootstrap": "kafka", "redis-leader": "redis"}.get(host, host)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_only_the_console_reaches_admin_ports_within_the_namespace(overlay: str) -> None:
    for name, workload in workloads(overlay).items():
        if workload["kind"] == "Deployment":
            admin = ports(overlay, name)["admin"]
            asking = {one for one in workloads(overlay) if may(overlay, one, name, admin)}
            watched = name in {*SERVICES, "canary"}  # the console is for users only
            assert asking == ({"console"} if watched else set()), name


def test_prometheus_reaches_every_admin_port_and_no_other() -> None:
    spec = of_kind("production", "NetworkPolicy")["prometheus"]["spec"]
    for name, workload in workloads("production").items():
        watched = workload["kind"] == "Deployment"
        assert selects(spec["podSelector"], labels("production", name)) == watched
    (rule,) = spec["ingress"]
    assert rule["ports"] == [{"port": "admin"}]
    assert "podSelector" not in rule["from"][0]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_external_clients_reach_only_the_apis(overlay: str) -> None:
    outside = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}
    open_to_callers = {
        name: [port["port"] for port in rule["ports"]]
        for name, policy in of_kind(overlay, "NetworkPolicy").items()
        for rule in policy["spec"].get("ingress", [])
        if outside in rule["from"]
    }
    assert open_to_callers == {api: ["http", "grpc"] for api in every(*APIS)}


def test_stores_have_the_labels_of_the_policies() -> None:
    def spec(kind: str, name: str) -> Resource:
        found: Resource = of_kind("production", kind)[name]
        return found

    mysql = spec("InnoDBCluster", "mysql")["spec"]
    assert mysql["podLabels"] == mysql["router"]["podLabels"] == SERVERS["mysql"]
    assert SERVERS["redis"].items() <= spec("RedisCluster", "redis")["metadata"]["labels"].items()
    (nodes,) = spec("OpenSearchCluster", "opensearch")["spec"]["nodePools"]
    assert nodes["labels"] == SERVERS["opensearch"]
    stores = of_kind("dev", "StatefulSet")
    del stores["erasure-ledger"]
    for name, server in stores.items():
        template = server["spec"]["template"]
        assert SERVERS[name].items() <= template["metadata"]["labels"].items()
        assert pod(server)["enableServiceLinks"] is False
