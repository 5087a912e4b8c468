"""Probes, rollout, spreading, scaling and isolation of infra/k8s's pods."""

import re
from typing import Any

import pytest
import yaml

from command_api.settings import Settings as CommandApi
from tests.support.kubernetes.manifests import (
    OVERLAYS,
    ROOT,
    container,
    environment,
    of_kind,
    pod,
    services,
    workloads,
)
from tests.support.stack.programs import every, module

DEPLOYABLES = {folder.name for folder in (ROOT / "services").iterdir()}
APIS = {name for name in DEPLOYABLES if name.endswith("-api")}
TOPICS: dict[str, Any] = yaml.safe_load((ROOT / "infra/kafka/topics.yaml").read_text())
PROBES = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}


def probed(name: str, probe: dict[str, Any]) -> str:
    """Return the path of a probe on the admin port."""
    if "httpGet" in probe:
        assert probe["httpGet"]["port"] == "admin"
        return str(probe["httpGet"]["path"])
    found = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)'", probe["exec"]["command"][-1])
    assert found
    ports = {p["name"]: p["containerPort"] for p in container(services("dev")[name])["ports"]}
    assert int(found[1]) == ports["admin"]
    return found[2]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_service_has_liveness_and_readiness_probes(overlay: str) -> None:
    for name, service in services(overlay).items():
        only = container(service)
        assert {p: probed(name, only[p]) for p in PROBES} == PROBES, name


def test_only_loopback_services_use_exec_probes() -> None:
    for overlay in OVERLAYS:
        for name, service in services(overlay).items():
            host = environment(overlay, service)[f"{name.upper().replace('-', '_')}_HOST"]
            within = "exec" in container(service)["readinessProbe"]
            assert within == (host == "127.0.0.1"), name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_rollout_stops_no_pod_before_its_successor_is_ready(overlay: str) -> None:
    for name, service in services(overlay).items():
        rollout = {"maxUnavailable": 0, "maxSurge": 1}
        assert service["spec"]["strategy"]["rollingUpdate"] == rollout, name
        assert service["spec"]["minReadySeconds"] > 0


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_meets_the_restricted_pod_security_standard(overlay: str) -> None:
    for name, workload in workloads(overlay).items():
        spec, only = pod(workload), container(workload)
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == user_of_the_images()
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert only["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"cpu", "memory"} <= set(only["resources"]["requests"])


def user_of_the_images() -> int:
    text = (ROOT / "infra/python-image/Dockerfile").read_text()
    (user,) = set(re.findall(r"^USER (\d+):\d+$", text, re.MULTILINE))
    return int(user)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_deployables_are_spread_and_drained_one_by_one(overlay: str) -> None:
    budgets = of_kind(overlay, "PodDisruptionBudget")
    assert set(budgets) == DEPLOYABLES
    for name in DEPLOYABLES:
        template = services(overlay)[name]["spec"]["template"]
        constraints = template["spec"]["topologySpreadConstraints"]
        over = {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
        assert {one["topologyKey"] for one in constraints} == over
        selector = budgets[name]["spec"]["selector"]["matchLabels"]
        assert selector.items() <= template["metadata"]["labels"].items()
        assert budgets[name]["spec"]["maxUnavailable"] == 1


def test_apis_scale_on_load_within_mysql_s_connection_limit() -> None:
    scalers = of_kind("production", "HorizontalPodAutoscaler")
    assert set(scalers) == APIS
    for name, scaler in scalers.items():
        assert scaler["spec"]["scaleTargetRef"]["name"] == name
        assert scaler["spec"]["minReplicas"] >= 2
        assert "replicas" not in services("production")[name]["spec"]
    each = (scalers[name]["spec"]["maxReplicas"] for name in every("command-api"))
    most = sum(replicas + 1 for replicas in each)  # one more while it is rolled out
    mycnf = of_kind("production", "InnoDBCluster")["mysql"]["spec"]["mycnf"]
    (connections,) = re.findall(r"max-connections = (\d+)", mycnf)
    assert most * CommandApi.model_fields["mysql_pool"].default <= int(connections) - 50


def test_projectors_scale_on_consumer_lag_up_to_the_partition_count() -> None:
    scalers = of_kind("production", "ScaledObject")
    assert set(scalers) == DEPLOYABLES - APIS
    for name, scaler in scalers.items():
        spec = scaler["spec"]
        assert spec["scaleTargetRef"]["name"] == name
        topic = module(name, "settings").Settings.model_fields["topic"].default
        assert spec["maxReplicaCount"] == TOPICS[topic]["partitions"]
        assert spec["minReplicaCount"] >= 2
        (trigger,) = spec["triggers"]
        metadata = trigger["metadata"]
        assert (metadata["consumerGroup"], metadata["topic"]) == (
            module(name, "wiring").GROUP,
            topic,
        )
        assert metadata["offsetResetPolicy"] == "earliest"
        assert "replicas" not in services("production")[name]["spec"]


def test_prometheus_scrapes_every_service_by_name() -> None:
    monitor = of_kind("production", "PodMonitor")["services"]["spec"]
    assert monitor["jobLabel"] == "app.kubernetes.io/name"
    assert [one["port"] for one in monitor["podMetricsEndpoints"]] == ["admin"]
    (left_out,) = [one["values"] for one in monitor["selector"]["matchExpressions"]]
    assert left_out == ["console"]
    for name, service in services("production").items():
        labels = service["spec"]["template"]["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] == name
        assert monitor["selector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_job_waits_for_its_server_within_its_deadline(overlay: str) -> None:
    """A failed pod would be restarted in growing pauses."""
    for name, job in of_kind(overlay, "Job").items():
        (wait,) = (arg for arg in container(job)["args"] if arg.startswith("--wait="))
        last_attempt = 60  # seconds
        deadline = job["spec"]["activeDeadlineSeconds"]
        assert 600 <= int(wait.removeprefix("--wait=")) <= deadline - last_attempt, name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_verification_and_restore_run_on_request_and_are_not_retried(overlay: str) -> None:
    requested = of_kind(overlay, "CronJob")
    assert set(requested) == {*every("view-verifier"), "restore"}
    for one in requested.values():
        assert one["spec"]["suspend"] is True
        assert one["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 0
        assert pod(one)["restartPolicy"] == "Never"
