"""Manifests that kustomize builds from infra/k8s, and the configuration in them."""

import functools
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.support.stack.go_tools import tool

ROOT = Path(__file__).parents[3]
KUBERNETES = ROOT / "infra/k8s"
OVERLAYS = ("dev", "production")
COMPOSE: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]

Resource = dict[str, Any]


@functools.cache
def built(overlay: str) -> str:
    """Return the overlay's resources as one text; the test fails if there are none."""
    command = [tool("kustomize"), "build", str(KUBERNETES / "overlays" / overlay)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@functools.cache
def resources(overlay: str) -> tuple[Resource, ...]:
    return tuple(yaml.safe_load_all(built(overlay)))


def of_kind(overlay: str, *kinds: str) -> dict[str, Resource]:
    """Return name → resource, of one kind or several."""
    found = [one for one in resources(overlay) if one["kind"] in kinds]
    assert found, f"no {kinds} in {overlay}"
    return {one["metadata"]["name"]: one for one in found}


def workloads(overlay: str) -> dict[str, Resource]:
    """Return everything that runs an image of this repository: the services and the jobs."""
    found = of_kind(overlay, "Deployment", "StatefulSet", "Job", "CronJob")
    return {n: w for n, w in found.items() if container(w)["image"].startswith("people/")}


def services(overlay: str) -> dict[str, Resource]:
    return {n: w for n, w in workloads(overlay).items() if w["kind"] == "Deployment"}


def template(workload: Resource) -> dict[str, Any]:
    """Return the template of the workload's pods."""
    spec = workload["spec"]
    found: dict[str, Any] = spec.get("jobTemplate", {}).get("spec", spec)["template"]
    return found


def pod(workload: Resource) -> dict[str, Any]:
    spec: dict[str, Any] = template(workload)["spec"]
    return spec


def container(workload: Resource) -> dict[str, Any]:
    (only,) = pod(workload)["containers"]
    assert isinstance(only, dict)
    return only


def environment(overlay: str, workload: Resource) -> dict[str, str]:
    """Return the environment variables with their values, those from ConfigMaps included."""
    maps = of_kind(overlay, "ConfigMap")
    configured = {}
    for variable in container(workload).get("env", []):
        if "valueFrom" in variable:
            ref = variable["valueFrom"]["configMapKeyRef"]
            configured[variable["name"]] = maps[ref["name"]]["data"][ref["key"]]
        else:
            configured[variable["name"]] = variable["value"]
    return configured


def secrets(workload: Resource) -> dict[str, tuple[str, str]]:
    """Return file under /run/secrets → name and key of the Secret that it comes from."""
    mounts = {m["name"]: m["mountPath"] for m in container(workload).get("volumeMounts", [])}
    return {
        item["path"]: (source["secret"]["name"], item["key"])
        for volume in pod(workload).get("volumes", [])
        for source in volume.get("projected", {}).get("sources", [])
        for item in source["secret"]["items"]
        if mounts.get(volume["name"]) == "/run/secrets"
    }
