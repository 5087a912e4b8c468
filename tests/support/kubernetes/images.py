"""Images for the node's pods, from the Docker engine of this machine."""

import json
import re
import subprocess

from tests.support.kubernetes.manifests import ROOT, built
from tests.support.kubernetes.node import FILES, IMAGES, Node

IMPORTED = IMAGES.parent / "imported.json"
PROGRAMS = ("pause", "coredns")
SCRATCH = 'FROM scratch\nCOPY {name} /{name}\nUSER 65532:65532\nENTRYPOINT ["/{name}"]\n'
IMAGE = re.compile(r"^\s*image: ([^\s#]+)", re.MULTILINE)
OF_STRIMZI = "people/connect:dev"  # its base is Strimzi's image


def names() -> set[str]:
    """Return the images of the pods, as Docker names them."""
    text = built("dev") + (FILES / "strimzi.yaml").read_text()
    return {*IMAGE.findall(text), *(f"people/{one}:dev" for one in PROGRAMS)} - {OF_STRIMZI}


def build() -> None:
    """Build the images of this repository, and those of the node itself."""
    subprocess.run(
        ["docker", "compose", "--profile", "*", "build", "--quiet"], cwd=ROOT, check=True
    )
    for name in PROGRAMS:
        command = ["docker", "build", "--quiet", "--tag", f"people/{name}:dev", "--file", "-"]
        text = SCRATCH.format(name=name)
        folder = str(ROOT / ".tools/kubernetes")
        subprocess.run([*command, folder], input=text, text=True, check=True)


def give(node: Node) -> None:
    """Build all images; import those that the node does not have, or has in another version."""
    build()
    have: dict[str, str] = json.loads(IMPORTED.read_text()) if IMPORTED.exists() else {}
    now = {name: _id(name) for name in sorted(names())}
    if changed := [name for name, one in now.items() if have.get(name) != one]:
        with subprocess.Popen(["docker", "save", *changed], stdout=subprocess.PIPE) as saved:
            command = node.inside("ctr", "-n", "k8s.io", "images", "import", "--local", "-")
            subprocess.run(command, stdin=saved.stdout, check=True, capture_output=True)
    IMPORTED.write_text(json.dumps(have | now))


def _id(name: str) -> str:
    command = ["docker", "image", "inspect", "--format", "{{.Id}}", name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
