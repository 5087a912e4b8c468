"""Write the packages in src from the contracts in this folder; `make gen` runs it.

Generated, for each aggregate into a package of its own: the betterproto messages and services, the
descriptor set for gRPC reflection, and the data files (Avro schema, index mapping, OpenAPI
documents) that the package carries.
"""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
PROTO = HERE / "proto"
OPENAPI = HERE / "openapi"
VERSION = (HERE.parent / "VERSION").read_text("utf-8").strip()
SHARED = "shared.yaml"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate with contracts; prefix: of the names of its services."""

    name: str
    plural: str
    prefix: str

    @property
    def package(self) -> Path:
        return HERE / "src" / f"{self.name}_contracts"

    @property
    def data(self) -> list[str]:
        return [f"avro/{self.name}_event.avsc", f"views/opensearch-{self.plural}.json"]

    @property
    def apis(self) -> list[str]:
        return [f"{self.prefix}{api}-api" for api in ("command", "query", "search")]


AGGREGATES = [
    Aggregate("user", "users", prefix=""),
    # `make new-aggregate` adds a line here.
]


def main() -> None:
    """Generate everything from scratch, and remove obsolete output."""
    for aggregate in AGGREGATES:
        proto, data = aggregate.package / "proto", aggregate.package / "data"
        for folder in (proto, data):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        compile_protos(PROTO / aggregate.name, proto)
        for name in aggregate.data:
            shutil.copyfile(HERE / name, data / Path(name).name)
        bundle_openapi(aggregate, data)


def compile_protos(folder: Path, out: Path) -> None:
    """Run protoc with betterproto's plugin, which is installed beside this interpreter."""
    protos = sorted(str(path.relative_to(PROTO)) for path in folder.rglob("*.proto"))
    protoc = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}"]
    plugin = Path(sys.executable).parent / "protoc-gen-python_betterproto"
    arguments = [
        f"--plugin=protoc-gen-python_betterproto={plugin}",
        f"--python_betterproto_out={out}",
        "--include_imports",
        f"--descriptor_set_out={out / 'descriptors.binpb'}",
    ]
    subprocess.run([*protoc, *arguments, *protos], check=True, capture_output=True)


def bundle_openapi(aggregate: Aggregate, out: Path) -> None:
    """Write each API's document as JSON, with the version and the shared parts."""
    common = [_read(name, aggregate)["components"] for name in (SHARED, f"{aggregate.name}.yaml")]
    for api in aggregate.apis:
        document = _read(f"{api}.yaml", aggregate)
        document["info"] = {"title": api, "version": VERSION, **document["info"]}
        own = document.setdefault("components", {})
        while missing := _missing(document):
            for section, name in missing:
                (part,) = (c[section][name] for c in common if name in c.get(section, {}))
                own.setdefault(section, {})[name] = part
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
        (out / f"{api}.openapi.json").write_text(text, "utf-8")


def _read(name: str, aggregate: Aggregate) -> dict[str, Any]:
    """Return a document whose references to shared documents point to itself."""
    text = (OPENAPI / name).read_text("utf-8")
    for shared in (SHARED, f"{aggregate.name}.yaml"):
        text = text.replace(f"{shared}#", "#")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def _missing(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the components (section, name) that the document refers to but lacks."""
    named = set(re.findall(r'"\$ref": "#/components/(\w+)/(\w+)"', json.dumps(document)))
    own = document["components"]
    return sorted((section, name) for section, name in named if name not in own.get(section, {}))


if __name__ == "__main__":
    main()
