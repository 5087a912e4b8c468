"""Validation of manifests by kubeconform, with the schemas that `make check` writes."""

import subprocess

from tests.support.stack.go_tools import TOOLS, tool

LOCATION = f"{TOOLS}/kubernetes/schemas/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"


def found_invalid(manifests: str) -> str:
    command = [tool("kubeconform"), "-strict", "-schema-location", LOCATION]
    return subprocess.run(
        command, input=manifests, capture_output=True, text=True, check=False
    ).stdout
