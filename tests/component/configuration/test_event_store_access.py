"""Only programs that write, capture or verify the event store have MySQL's address."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.kubernetes.manifests import COMPOSE
from tests.support.stack.programs import every

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent
PROJECTORS = every("redis-projector", "search-projector")
WITH_MYSQL = {
    *every("command-api"),
    "connector-supervisor",
    "view-verifier",
    "platform-setup mysql-users",
    "platform-setup restore",
}


def pages() -> dict[str, Any]:
    """Return program → its Settings class, as in docs/settings.md."""
    file = ROOT / "docs" / "generate_settings.py"
    spec = importlib.util.spec_from_file_location("generate_settings", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, Any] = module.PAGES
    return found


def test_no_other_program_has_mysql_settings() -> None:
    found = {
        program
        for program, settings in pages().items()
        for name in settings.model_fields
        if "mysql" in f"{settings.model_config['env_prefix']}{name}".lower()
    }
    assert found == WITH_MYSQL


def test_no_other_container_has_a_mysql_password() -> None:
    ours = {name: service for name, service in COMPOSE.items() if "build" in service}
    found = {
        name
        for name, service in ours.items()
        for secret in service.get("secrets", [])
        if "mysql" in secret["target"]
    }
    jobs = {"mysql-users", *every("migrate"), "restore"}
    supervised = {*every("command-api", "connector-supervisor", "view-verifier")}
    assert found == jobs | supervised


@pytest.mark.parametrize("projector", PROJECTORS)
def test_projector_installs_no_mysql_client(projector: str) -> None:
    lock = (ROOT / "services" / projector / "requirements.lock").read_text("utf-8")
    assert not re.findall(r"^(?:asyncmy|pymysql)\b.*", lock, re.MULTILINE)


@pytest.mark.parametrize("projector", PROJECTORS)
@pytest.mark.parametrize("name", ["MYSQL_PASSWORD", "MYSQL_PASSWORD_FILE", "MYSQL_HOST"])
def test_projector_rejects_mysql_settings_and_names_the_verifier(projector: str, name: str) -> None:
    variable = f"{projector.replace('-', '_').upper()}_{name}"
    done = subprocess.run(
        [BIN / projector], env={variable: "x"}, check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert f"{variable}: no such setting; moved to view-verifier" in done.stderr
    assert f"VIEW_VERIFIER_{name.removesuffix('_FILE')}" in done.stderr
