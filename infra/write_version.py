"""Write the version in the file VERSION where a file cannot read it; `make gen` runs it.

A package reads it when it is built; schemas/generate.py puts it into the OpenAPI documents.
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSION = (ROOT / "VERSION").read_text("utf-8").strip()
DOCKERFILE = r"(?<=^ARG VERSION=).+"
PRODUCTION = "infra/k8s/overlays/production"
WRITTEN = {
    "infra/python-image/Dockerfile": DOCKERFILE,
    "infra/proxy/Dockerfile": DOCKERFILE,
    "infra/k8s/connect/Dockerfile": DOCKERFILE,
    f"{PRODUCTION}/kustomization.yaml": r"(?<=newTag: )[^}\s]+",
    f"{PRODUCTION}/connect.yaml": r"(?<=image: people/connect:)\S+",
}
"""File → where the version is in it."""


def main() -> None:
    for name, place in WRITTEN.items():
        file = ROOT / name
        text = file.read_text("utf-8")
        file.write_text(re.sub(place, VERSION, text, flags=re.MULTILINE), "utf-8")


if __name__ == "__main__":
    main()
