"""Write src/user_contracts from the contracts in this folder; `make gen` runs it.

Generated: the betterproto messages and services, the descriptor set for gRPC reflection, and the
data files (Avro schema, index mapping, OpenAPI documents) that the package carries.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
PROTO = HERE / "proto"
PACKAGE = HERE / "src" / "user_contracts"
DATA = ["avro/user_event.avsc", "views/opensearch-users.json"]
OPENAPI = HERE / "openapi"
SHARED = "shared.yaml"


def main() -> None:
    """Make everything anew; what is no longer generated goes away."""
    shutil.rmtree(PACKAGE / "proto", ignore_errors=True)
    shutil.rmtree(PACKAGE / "data", ignore_errors=True)
    (PACKAGE / "proto").mkdir()
    (PACKAGE / "data").mkdir()
    compile_protos()
    for name in DATA:
        shutil.copyfile(HERE / name, PACKAGE / "data" / Path(name).name)
    bundle_openapi()


def compile_protos() -> None:
    """Run protoc with betterproto's plugin, which stands beside this interpreter."""
    protos = sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))
    out = PACKAGE / "proto"
    protoc = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}"]
    plugin = Path(sys.executable).parent / "protoc-gen-python_betterproto"
    arguments = [
        f"--plugin=protoc-gen-python_betterproto={plugin}",
        f"--python_betterproto_out={out}",
        "--include_imports",
        f"--descriptor_set_out={out / 'descriptors.binpb'}",
    ]
    subprocess.run([*protoc, *arguments, *protos], check=True, capture_output=True)


def bundle_openapi() -> None:
    """Write each API's document as JSON, with the shared parts it refers to among its own."""
    shared = yaml.safe_load((OPENAPI / SHARED).read_text("utf-8"))["components"]
    for path in sorted(OPENAPI.glob("*-api.yaml")):
        document = yaml.safe_load(path.read_text("utf-8").replace(f"{SHARED}#", "#"))
        own = document.setdefault("components", {})
        while missing := _missing(document):
            for section, name in missing:
                own.setdefault(section, {})[name] = shared[section][name]
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
        (PACKAGE / "data" / f"{path.stem}.openapi.json").write_text(text, "utf-8")


def _missing(document: dict[str, Any]) -> list[tuple[str, str]]:
    """The components, as (section, name), that the document refers to and does not have."""
    named = set(re.findall(r'"\$ref": "#/components/(\w+)/(\w+)"', json.dumps(document)))
    own = document["components"]
    return sorted((section, name) for section, name in named if name not in own.get(section, {}))


if __name__ == "__main__":
    main()
