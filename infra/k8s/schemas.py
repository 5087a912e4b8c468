"""Write JSON schemas that kubeconform reads: `python infra/k8s/schemas.py FOLDER`.

Kubernetes' own, KEDA's and the Prometheus operator's are in their Go modules. The other operators
publish none in a package registry: schemas/*.yaml describe the fields used here, written from
their API references. Objects have no other fields than those that the schema names.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Schema = dict[str, Any]
OWN = Path(__file__).parent / "schemas"
KUBERNETES = "k8s.io/kubernetes@v1.34.4"
SWAGGER = "api/openapi-spec/swagger.json"
KEDA = "github.com/kedacore/keda/v2@v2.20.2"
PROMETHEUS = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
BASES, EXAMPLE = "config/crd/bases", "example/prometheus-operator-crd"
DEFINED = [
    (KEDA, f"{BASES}/keda.sh_scaledobjects.yaml"),
    (KEDA, f"{BASES}/keda.sh_triggerauthentications.yaml"),
    (PROMETHEUS, f"{EXAMPLE}/monitoring.coreos.com_podmonitors.yaml"),
    (PROMETHEUS, f"{EXAMPLE}/monitoring.coreos.com_prometheusrules.yaml"),
]
GVK = "x-kubernetes-group-version-kind"
OPEN = "x-kubernetes-preserve-unknown-fields"
EITHER = {"anyOf": [{"type": "integer"}, {"type": "number"}, {"type": "string"}]}
TEXT_OR_NUMBER = ("Quantity", "IntOrString")
META = {"$ref": "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    swagger = json.loads((module(KUBERNETES) / SWAGGER).read_text())["definitions"]
    definitions = {name: definition(name, schema) for name, schema in swagger.items()}
    found = [*kinds(swagger), *operators(), *own()]
    for group, version, kind, schema in found:
        whole = {**schema, "definitions": dict(referred(schema, definitions, set()))}
        (folder / file_name(group, version, kind)).write_text(json.dumps(whole))
    print(f"schemas: {len(found)} in {folder}")


def module(name: str) -> Path:
    """Return the folder of a Go module; download it if it is missing."""
    module_file = subprocess.run(
        ["go", "mod", "download", "-json", name], check=True, capture_output=True, text=True
    )
    return Path(json.loads(module_file.stdout)["Dir"])


def file_name(group: str, version: str, kind: str) -> str:
    """Return the name that kubeconform expects: {{.ResourceKind}}{{.KindSuffix}}.json."""
    return "-".join(filter(None, [kind.lower(), group.partition(".")[0], version])) + ".json"


def kinds(swagger: dict[str, Schema]) -> Iterator[tuple[str, str, str, Schema]]:
    for name, schema in swagger.items():
        for gvk in schema.get(GVK, []):
            if "metadata" in schema.get("properties", {}):
                ref = {"$ref": f"#/definitions/{name}"}
                yield gvk["group"], gvk["version"], gvk["kind"], ref


def operators() -> Iterator[tuple[str, str, str, Schema]]:
    """Yield the kinds that the operators define."""
    for name, file in DEFINED:
        spec = yaml.safe_load((module(name) / file).read_text())["spec"]
        for version in spec["versions"]:
            schema = closed(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = META
            yield spec["group"], version["name"], spec["names"]["kind"], schema


def own() -> Iterator[tuple[str, str, str, Schema]]:
    """Yield those of schemas/*.yaml: apiVersion → kind → the schema of its `spec`."""
    for file in OWN.glob("*.yaml"):
        for api, of_kinds in yaml.safe_load(file.read_text()).items():
            group, version = api.split("/")
            for kind, spec in of_kinds.items():
                text = {"type": "string"}
                properties = {"apiVersion": text, "kind": text, "metadata": META, "spec": spec}
                schema = {"type": "object", "properties": properties, "required": ["spec"]}
                yield group, version, kind, closed(schema)


def definition(name: str, schema: Schema) -> Schema:
    return EITHER if name.endswith(TEXT_OR_NUMBER) else closed(schema)


def closed(schema: Any) -> Any:
    """Return it without descriptions; objects with named fields permit no others."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return EITHER
    kept = {k: closed(v) for k, v in schema.items() if k != "description" or isinstance(v, dict)}
    if isinstance(kept.get("properties"), dict) and not kept.get(OPEN):
        kept.setdefault("additionalProperties", False)
    return kept


def referred(schema: Any, definitions: dict[str, Schema], seen: set[str]) -> Iterator[Any]:
    """Yield the definitions that a schema refers to, directly or indirectly, each once."""
    if isinstance(schema, list):
        for one in schema:
            yield from referred(one, definitions, seen)
    elif isinstance(schema, dict):
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        if name and name not in seen:
            seen.add(name)
            yield name, definitions[name]
            yield from referred(definitions[name], definitions, seen)
        for value in schema.values():
            yield from referred(value, definitions, seen)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
