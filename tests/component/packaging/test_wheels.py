"""Each deployable ships alone: its wheel and its own lock file, in an empty environment."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DEPLOYABLES = sorted(path.name for path in (ROOT / "services").iterdir())
SERVERS = {"aiokafka", "asyncmy", "opensearch-py", "redis", "yoyo-migrations"}
NEEDED = {
    "command-api": {"asyncmy", "yoyo-migrations"},
    "query-api": {"redis"},
    "search-api": {"opensearch-py"},
    "redis-projector": {"aiokafka", "redis"},
    "search-projector": {"aiokafka", "opensearch-py"},
}

LOCKS = sorted(
    [*ROOT.glob("services/*/requirements.lock"), *ROOT.glob("infra/*/requirements.lock")]
)
TOOLS = ("beautifulsoup4", "hypothesis", "jinja2", "mkdocs", "mypy", "pytest", "ruff", "sphinx")


def role(deployable: str) -> str:
    """Return its name without the prefix of its aggregate, if any."""
    return next(name for name in NEEDED if deployable.endswith(name))


LIBRARIES = {
    "command-api": {"http2", "eventstore"},
    "query-api": {"http2", "projections"},
    "search-api": {"http2", "projections"},
    "redis-projector": {"projections"},
    "search-projector": {"projections"},
}


def local_packages(deployable: str) -> set[str]:
    """Return the distributions of this repository that are in its image."""
    command = [sys.executable, "infra/python-image/local_packages.py", f"services/{deployable}"]
    folders = subprocess.check_output(command, cwd=ROOT, text=True).split()
    projects = (tomllib.loads((ROOT / one / "pyproject.toml").read_text()) for one in folders)
    return {metadata["project"]["name"] for metadata in projects}


def uv(*arguments: str | Path) -> None:
    """Run the environment's uv; its error is the test's."""
    own = Path(sys.executable).with_name("uv")
    done = subprocess.run([own, *arguments], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def locked(deployable: str) -> set[str]:
    """Return the distributions in a deployable's lock file."""
    return distributions(ROOT / "services" / deployable / "requirements.lock")


def distributions(lock: Path) -> set[str]:
    lines = lock.read_text().splitlines()
    return {line.split("==")[0].split("[")[0] for line in lines if "==" in line}


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheels")
    built_here = ("--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable)
    libs = sorted(str(path.parent) for path in ROOT.glob("libs/*/pyproject.toml"))
    for member in [*libs, "schemas", *(f"services/{name}" for name in DEPLOYABLES)]:
        uv("build", *built_here, "--out-dir", out, member)
    return out


@pytest.mark.parametrize("deployable", DEPLOYABLES)
def test_lock_has_only_the_deployable_s_dependencies(deployable: str) -> None:
    assert locked(deployable) & SERVERS == NEEDED[role(deployable)]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.parent.name)
def test_lock_has_no_test_or_documentation_tools(lock: Path) -> None:
    tools = [name for name in distributions(lock) if name.startswith(TOOLS)]
    assert tools == []


@pytest.mark.parametrize("deployable", DEPLOYABLES)
def test_image_has_only_the_deployable_s_libraries(deployable: str) -> None:
    libraries = LIBRARIES[role(deployable)]
    assert local_packages(deployable) == {deployable, "chassis", "contracts", *libraries}


@pytest.mark.parametrize("deployable", DEPLOYABLES)
def test_lock_has_hashes_and_no_urls(deployable: str) -> None:
    text = (ROOT / "services" / deployable / "requirements.lock").read_text()
    assert text.count("--hash=sha256:") >= len(locked(deployable))
    assert "://" not in text


@pytest.mark.integration
@pytest.mark.parametrize("deployable", DEPLOYABLES)
def test_wheel_with_its_lock_works_in_an_empty_environment(
    deployable: str, wheels: Path, tmp_path: Path
) -> None:
    module = deployable.replace("-", "_")
    python = tmp_path / "bin" / "python"
    names = (name.replace("-", "_") for name in local_packages(deployable))
    own = [next(wheels.glob(f"{name}-*")) for name in names]
    uv("venv", "--quiet", "--python", sys.executable, tmp_path)
    install = ("pip", "install", "--quiet", "--python", python)
    uv(*install, "--require-hashes", "-r", f"services/{deployable}/requirements.lock")
    uv(*install, "--no-deps", "--offline", *own)
    uv("pip", "check", "--python", python)

    refused = subprocess.run(
        [tmp_path / "bin" / deployable],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={f"{module.upper()}_ADMIN_PORT": "x"},
    )

    assert refused.returncode != 0
    assert f"{module.upper()}_ADMIN_PORT" in refused.stderr
