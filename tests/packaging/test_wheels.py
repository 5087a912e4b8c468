"""Each deployable ships alone: its wheel and its own lock, in an empty environment."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOYABLES = sorted(path.name for path in (ROOT / "services").iterdir())
NOT_FOR = {
    "command-api": {"aiokafka", "redis", "opensearch-py", "fastavro", "pytest"},
    "query-api": {"aiokafka", "asyncmy", "opensearch-py", "yoyo-migrations", "pytest"},
    "search-api": {"aiokafka", "asyncmy", "redis", "yoyo-migrations", "pytest"},
    "redis-projector": {
        "asyncmy",
        "grpclib-reflection",
        "opensearch-py",
        "yoyo-migrations",
        "pytest",
    },
    "search-projector": {"asyncmy", "betterproto", "grpclib", "redis", "yoyo-migrations", "pytest"},
}


def uv(*arguments: str) -> None:
    """Run the uv of this environment."""
    own = Path(sys.executable).with_name("uv")
    subprocess.run([own, *arguments], cwd=ROOT, check=True, capture_output=True, text=True)


def locked(deployable: str) -> set[str]:
    """The distributions that a deployable's lock names."""
    lines = (ROOT / "services" / deployable / "requirements.lock").read_text().splitlines()
    return {line.split("==")[0].split("[")[0] for line in lines if "==" in line}


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheels")
    for member in ["libs/chassis", "schemas", *(f"services/{name}" for name in DEPLOYABLES)]:
        uv(
            "build",
            "--quiet",
            "--wheel",
            "--no-build-isolation",
            "--python",
            sys.executable,
            "--out-dir",
            str(out),
            member,
        )
    return out


@pytest.mark.parametrize("deployable", DEPLOYABLES)
def test_a_lock_holds_only_what_its_deployable_needs(deployable: str) -> None:
    assert not locked(deployable) & NOT_FOR[deployable]


@pytest.mark.parametrize("deployable", DEPLOYABLES)
def test_a_lock_holds_hashes_and_no_addresses(deployable: str) -> None:
    text = (ROOT / "services" / deployable / "requirements.lock").read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text


@pytest.mark.integration
@pytest.mark.parametrize("deployable", DEPLOYABLES)
def test_a_wheel_with_its_lock_alone_works(deployable: str, wheels: Path, tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    module = deployable.replace("-", "_")
    uv("venv", "--quiet", "--python", sys.executable, str(tmp_path))
    lock = f"services/{deployable}/requirements.lock"
    uv("pip", "install", "--quiet", "--python", str(python), "--require-hashes", "-r", lock)
    own = [
        str(wheel)
        for name in ("chassis", "user_contracts", module)
        for wheel in wheels.glob(f"{name}-*")
    ]
    uv("pip", "install", "--quiet", "--python", str(python), "--no-deps", "--offline", *own)
    uv("pip", "check", "--python", str(python))
    subprocess.run([python, "-c", f"import {module}.wiring"], check=True, cwd=tmp_path)
    command = tmp_path / "bin" / deployable
    refused = subprocess.run(
        [command],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={f"{module.upper()}_ADMIN_PORT": "x"},
    )
    assert f"{module.upper()}_ADMIN_PORT" in refused.stderr


def test_every_deployable_has_its_own_project() -> None:
    for deployable in DEPLOYABLES:
        project = tomllib.loads((ROOT / "services" / deployable / "pyproject.toml").read_text())
        assert project["project"]["scripts"] == {
            deployable: f"{deployable.replace('-', '_')}.__main__:main"
        }
