"""Write src/user_contracts from the contracts in this folder; `make gen` runs it.

Generated: the betterproto messages and services, the descriptor set for gRPC reflection, and the
data files (Avro schema, index mapping) that the package carries.
"""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PROTO = HERE / "proto"
PACKAGE = HERE / "src" / "user_contracts"
DATA = ["avro/user_event.avsc", "views/opensearch-users.json"]


def main() -> None:
    """Make everything anew; what is no longer generated goes away."""
    shutil.rmtree(PACKAGE / "proto", ignore_errors=True)
    shutil.rmtree(PACKAGE / "data", ignore_errors=True)
    (PACKAGE / "proto").mkdir()
    (PACKAGE / "data").mkdir()
    compile_protos()
    for name in DATA:
        shutil.copyfile(HERE / name, PACKAGE / "data" / Path(name).name)


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


if __name__ == "__main__":
    main()
