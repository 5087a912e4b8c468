"""The local stack and compose configure the same programs alike."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from local_stack import addresses, layout
from local_stack.addresses import APIS, CONSOLE, MORE_APIS
from local_stack.debian import AMD64
from local_stack.jobs import jobs
from local_stack.layout import Instance
from local_stack.programs import Context, Job, Program
from local_stack.servers import connector
from local_stack.services import services
from local_stack.software import Software

ROOT = Path(__file__).parents[3]
COMPOSE: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def variable(program: str) -> str:
    return program.upper().replace("-", "_")


# Only behind a proxy is a delay needed, in which it notices a shutdown.
BEHIND_A_PROXY = {f"{variable(api)}_DRAIN_DELAY" for api in (*APIS, *MORE_APIS)}
# Only containers listen beyond loopback: they set permitted clients and host names.
BEYOND_LOOPBACK = {
    f"{variable(name)}_{setting}"
    for name in (*APIS, *MORE_APIS, CONSOLE)
    for setting in ("ALLOW_ANONYMOUS", "ALLOWED_HOSTS")
}
# The image's own converters do not name themselves, so quick discovery would not find them; and
# every connector names its converters itself.
WORKER_ONLY_HERE = {"plugin.discovery", "key.converter", "value.converter"}


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Return program → the variables that the local stack sets."""
    monkeypatch.setattr(layout, "ROOT", tmp_path)
    instance = Instance("unit")
    software = Software(AMD64, *[tmp_path] * (len(Software.__dataclass_fields__) - 1))
    context = Context(instance, addresses.save(instance), software, tmp_path)
    programs: list[Program | Job] = [
        *services(context),
        *jobs(context),
        connector.supervisor(context),
    ]
    return {program.name: set(program.environment) for program in programs}


def in_compose(name: str) -> set[str]:
    """Return the variables, and the secrets by the names of their variables."""
    service = COMPOSE[name]
    secrets = {secret["target"].upper() for secret in service.get("secrets", [])}
    return set(service["environment"]) | secrets


def test_both_launchers_set_the_same_variables(local: dict[str, set[str]]) -> None:
    assert local
    for name, variables in local.items():
        assert in_compose(name) - BEHIND_A_PROXY - BEYOND_LOOPBACK == variables, name


def test_connect_worker_has_the_same_configuration() -> None:
    lines = (ROOT / "infra/connect/worker.properties").read_text().splitlines()
    pairs = [line.split("=", 1) for line in lines if "=" in line and not line.startswith("#")]
    environment = COMPOSE["connect"]["environment"]
    for name, value in pairs:
        if name in WORKER_ONLY_HERE:
            continue
        variable = name.upper().replace(".", "_")
        configured = environment.get(f"CONNECT_{variable}", environment.get(variable))
        assert str(configured) == value, name


def test_the_connector_s_variables_reach_the_worker() -> None:
    environment = COMPOSE["connect"]["environment"]
    pattern = environment["CONNECT_CONFIG_PROVIDERS_ENV_PARAM_ALLOWLIST_PATTERN"]
    assert set(pattern.split("|")) - {"DEBEZIUM_PASSWORD"} <= set(environment)
