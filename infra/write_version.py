"""Write the version of the file VERSION into files that cannot read it; `make gen` runs it.

A package reads it at build time; schemas/generate.py writes it into the OpenAPI documents.
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
"""File → pattern of the version in it."""


def main() -> None:
    for name, place in WRITTEN.items():
        file = ROOT / name
        text = file.read_text("utf-8")
        file.write_text(re.sub(place, VERSION, text, flags=re.MULTILINE), "utf-8")


if __name__ == "__main__":
    main()
