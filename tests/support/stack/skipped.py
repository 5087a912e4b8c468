"""What this machine lacks, and the tests that are skipped for it."""

import os
import shutil
import subprocess
from functools import cache

from tests.support.stack.go_tools import READY


def reasons() -> list[str]:
    """One line for each thing that is missing; empty where every test can run."""
    lacking = {
        "checks of infra/k8s, HTTP/2 conformance, workflows and prose: no Go tools": READY.exists(),
        "a release's images: no docker buildx or no jq": can_build_images(),
        "rights of OpenSearch's files: not root": os.getuid() == 0,
    }
    return [f"skipped: {what}" for what, is_there in lacking.items() if not is_there]


@cache
def can_build_images() -> bool:
    """Return whether jq and docker are there, with its plugin buildx."""
    if not (shutil.which("docker") and shutil.which("jq")):
        return False
    asked = ["docker", "buildx", "version"]
    return subprocess.run(asked, check=False, capture_output=True).returncode == 0
