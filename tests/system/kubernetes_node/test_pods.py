"""Pods as they really run: user, capabilities, file system, system calls."""

import json
from typing import Any

import pytest

from tests.support.kubernetes.kubectl import Kubectl
from tests.support.kubernetes.manifests import services

SEEN = """
import json, os
status = dict(line.split(":\\t") for line in open("/proc/1/status") if ":\\t" in line)
read_only = bool(os.statvfs("/").f_flag & os.ST_RDONLY)
fields = {name: status[name].strip() for name in ("CapEff", "CapPrm", "NoNewPrivs", "Seccomp")}
account = os.path.exists("/var/run/secrets/kubernetes.io")
print(json.dumps({"uid": os.getuid(), "read_only": read_only, "account": account, **fields}))
"""
NONE = "0000000000000000"


@pytest.mark.parametrize("service", sorted(services("dev")))
def test_service_runs_without_rights(kubectl: Kubectl, service: str) -> None:
    output = kubectl("exec", f"deployment/{service}", "--", "python", "-c", SEEN)
    seen: dict[str, Any] = json.loads(output)
    assert seen.pop("uid") >= 1000
    filtered = {"NoNewPrivs": "1", "Seccomp": "2"}  # seccomp mode 2: a filter of system calls
    assert seen == {
        "CapEff": NONE,
        "CapPrm": NONE,
        **filtered,
        "read_only": True,
        "account": False,
    }


def test_no_pod_was_restarted_while_it_waited_for_its_servers(kubectl: Kubectl) -> None:
    """A pod that starts before its servers waits for them."""
    restarts = {
        pod["metadata"]["name"]: one["restartCount"]
        for pod in kubectl.get("pods")["items"]
        for one in pod["status"].get("containerStatuses", ())
    }
    assert set(restarts.values()) == {0}, restarts
