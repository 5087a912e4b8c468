"""kubectl, as the administrator of a cluster."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.kubernetes.manifests import KUBERNETES, ROOT

PROGRAM = str(ROOT / ".tools/kubernetes/node")


@dataclass(frozen=True, slots=True)
class Kubectl:
    """Runs commands of kubectl in a namespace."""

    kubeconfig: Path
    namespace: str | None = None

    def __call__(self, *words: str, given: str | None = None) -> str:
        """Return the output; raises AssertionError if the command fails."""
        done = self.run(*words, given=given)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def run(self, *words: str, given: str | None = None) -> "subprocess.CompletedProcess[str]":
        """given: the standard input."""
        options = ["--kubeconfig", str(self.kubeconfig)]
        options += ["--namespace", self.namespace] if self.namespace else []
        command = [PROGRAM, "kubectl", *options, *words]
        return subprocess.run(command, input=given, capture_output=True, text=True, check=False)

    def apply(self, manifests: str) -> None:
        self("apply", "--server-side", "--force-conflicts", "-f", "-", given=manifests)

    def overlay(self, command: str, name: str) -> "subprocess.CompletedProcess[str]":
        """Run `apply` or `diff` as in infra/k8s/README.md."""
        folder = KUBERNETES / "overlays" / name
        return self.run(command, "--server-side", "-k", str(folder))

    def address(self, service: str) -> str:
        """Return the cluster address of a Service."""
        found: str = self.get("service", service)["spec"]["clusterIP"]
        return found

    def get(self, *words: str) -> dict[str, Any]:
        """Return a resource, or a list of them."""
        found: dict[str, Any] = json.loads(self("get", *words, "--output", "json"))
        return found
