"""Evaluation of infra/k8s's network policies."""

from typing import Any

from tests.support.kubernetes.manifests import container, of_kind, template, workloads

Labels = dict[str, str]
NAME = "app.kubernetes.io/name"
# Labels of the pods that operators create (infra/k8s/README.md).
SERVERS: dict[str, Labels] = {
    "mysql": {"store": "mysql"},
    "redis": {"store": "redis"},
    "opensearch": {"store": "opensearch"},
    "kafka": {"strimzi.io/name": "people-kafka", "strimzi.io/cluster": "people"},
    "connect": {"strimzi.io/name": "debezium-connect", "strimzi.io/cluster": "debezium"},
    "registry": {NAME: "registry"},
}
PORTS = {"mysql": 3306, "redis": 6379, "opensearch": 9200, "registry": 8080}


def labels(overlay: str, name: str) -> Labels:
    if name in SERVERS:
        return SERVERS[name]
    found: Labels = template(workloads(overlay)[name])["metadata"]["labels"]
    return found


def port_of(overlay: str, name: str) -> int:
    if name == "kafka":
        (listener,) = of_kind(overlay, "Kafka")["people"]["spec"]["kafka"]["listeners"]
        return int(listener["port"])
    return PORTS.get(name) or ports(overlay, name)["http"]


def ports(overlay: str, name: str) -> dict[str, int]:
    """Return name → port of a pod, as defined in this repository."""
    here = of_kind(overlay, "Deployment")
    listed = container(here[name])["ports"] if name in here else []
    return {one["name"]: one["containerPort"] for one in listed}


def selects(selector: dict[str, Any], of: Labels) -> bool:
    """Return whether a label selector matches a pod; supports only what the policies here use."""
    if not selector.get("matchLabels", {}).items() <= of.items():
        return False
    for one in selector.get("matchExpressions", []):
        assert one["operator"] == "In"
        if of.get(one["key"]) not in one["values"]:
            return False
    return True


def allows(
    rule: dict[str, Any], side: str, other: Labels, port: int, names: dict[str, int]
) -> bool:
    """Return whether a rule permits traffic from or to a pod of this namespace, at a port."""
    named = [names.get(one["port"], one["port"]) for one in rule.get("ports", [])]
    peers = rule.get(side, [{"podSelector": {}}])
    near = [p["podSelector"] for p in peers if "namespaceSelector" not in p]
    return (not named or port in named) and any(selects(one, other) for one in near)


def may(overlay: str, client: str, server: str, port: int) -> bool:
    """Return whether the client's egress and the server's ingress permit the connection."""
    one, other, names = labels(overlay, client), labels(overlay, server), ports(overlay, server)
    policies = [p["spec"] for p in of_kind(overlay, "NetworkPolicy").values()]
    out = [r for p in policies if selects(p["podSelector"], one) for r in p.get("egress", [])]
    into = [r for p in policies if selects(p["podSelector"], other) for r in p.get("ingress", [])]
    if server == "kafka":
        spec = of_kind(overlay, "Kafka")["people"]["spec"]["kafka"]
        into += [
            {"from": one["networkPolicyPeers"], "ports": [{"port": one["port"]}]}
            for one in spec["listeners"]
        ]
    goes = any(allows(r, "to", other, port, names) for r in out)
    comes = any(allows(r, "from", one, port, names) for r in into)
    return goes and comes
