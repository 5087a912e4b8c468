"""docs/security-lists.md names tests that exist, and SECURITY.md has examples that are valid."""

import re
from typing import Any

import yaml

from tests.support.docs.named_tests import missing
from tests.support.docs.page import ROOT
from tests.support.kubernetes.kubeconform import found_invalid
from tests.support.kubernetes.manifests import of_kind

LISTS = (ROOT / "docs" / "security-lists.md").read_text("utf-8")
ROWS = [line for line in LISTS.splitlines() if re.match(r"\| (API\d|CVE-|CWE-)", line)]
EXAMPLES: list[dict[str, Any]] = [
    example
    for block in re.findall(
        r"^```yaml\n(.*?)^```", (ROOT / "SECURITY.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    for example in yaml.safe_load_all(block)
]
NAME = "users.example.org"
OWASP = {f"API{number}" for number in range(1, 11)}
HTTP2 = {
    *(f"CVE-2019-{number}" for number in range(9511, 9519)),
    *("CVE-2020-11080", "CVE-2022-41723", "CVE-2023-36478", "CVE-2023-44487", "CVE-2024-27316"),
    *("CVE-2025-8671", "CVE-2025-57804", "CVE-2026-49975"),
}
WEAKNESSES = {"CWE-400", "CWE-405", "CWE-770", "CWE-771", "CWE-779", "CWE-920"}


def test_every_entry_of_a_list_names_tests_that_exist() -> None:
    assert {row.split()[1].rstrip(",") for row in ROWS} >= OWASP | HTTP2 | WEAKNESSES
    for row in ROWS:
        named = re.findall(r"`([^`]+::[^`]+)`", row)
        assert named, row
        assert [reason for name in named if (reason := missing(name))] == []


def names(example: dict[str, Any]) -> set[str]:
    """Return the host names under which an example admits pages."""
    spec = example["spec"]
    match example["kind"]:
        case "Ingress":
            return {rule["host"] for rule in spec["rules"]} | set(spec["tls"][0]["hosts"])
        case "Gateway":
            return {listener["hostname"] for listener in spec["listeners"]}
        case "HTTPRoute":
            return set(spec["hostnames"])
        case _:
            (container,) = spec["template"]["spec"]["containers"]
            (variable,) = container["env"]
            assert variable["name"] == "QUERY_API_ALLOWED_HOSTS"
            return set(variable["value"].split(","))


def test_every_example_serves_the_same_name_and_no_other() -> None:
    kinds = [example["kind"] for example in EXAMPLES]
    assert kinds == ["Ingress", "Gateway", "HTTPRoute", "Deployment"]
    assert [names(example) for example in EXAMPLES] == [{NAME}] * len(EXAMPLES)


def test_examples_lead_to_a_service_that_production_has() -> None:
    service = of_kind("production", "Service")["query-api"]
    ports = {port["name"]: port["port"] for port in service["spec"]["ports"]}
    ingress, _, route, _ = EXAMPLES
    (path,) = ingress["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"] == {"service": {"name": "query-api", "port": {"name": "http"}}}
    (backend,) = route["spec"]["rules"][0]["backendRefs"]
    assert backend == {"name": "query-api", "port": ports["http"]}
    namespace = service["metadata"]["namespace"]
    assert {one["metadata"]["namespace"] for one in EXAMPLES} == {namespace}


def test_the_ingress_is_valid_by_the_schema_of_its_kind() -> None:
    assert found_invalid(yaml.safe_dump(EXAMPLES[0])) == ""
