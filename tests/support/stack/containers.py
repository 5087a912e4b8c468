"""The compose project under test, and its addresses on this host."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local_stack.addresses import APIS, MORE_APIS, Addresses
from local_stack.layout import PORTS

ROOT = Path(__file__).parents[3]
FILES = ("-f", "compose.yaml", "-f", "tests/system/compose/published.yaml")
HOST = "127.0.0.1"
PORT_OFFSET = 20000
ADDRESSES = Addresses(
    instance="compose",
    port_offset=PORT_OFFSET,
    home=str(ROOT),
    secrets=str(ROOT / "infra" / "development-secrets"),
    mysql_host=HOST,
    mysql_port=23306,
    mysql_database="users",
    redis_url=f"redis://redis_operator:development-only-redis_operator@{HOST}:26379/0",
    opensearch_url=f"http://{HOST}:29200",
    kafka_bootstrap=f"{HOST}:29092",
    registry_url=f"http://{HOST}:28080/apis/ccompat/v7",
    registry_own_url=f"http://{HOST}:28080/apis/registry/v2",
    registry_health_url="",
    connect_url=f"http://{HOST}:28083",
    prometheus_url="",
    console_url=f"http://{HOST}:23003",
    http={api: f"http://{HOST}:{PORTS[api]['http'] + PORT_OFFSET}" for api in (*APIS, *MORE_APIS)},
    grpc={api: f"{HOST}:{PORTS[api]['grpc'] + PORT_OFFSET}" for api in (*APIS, *MORE_APIS)},
    admin={},
    redis_nodes=(f"redis://{HOST}:26379/0",),
    opensearch_nodes=(f"http://{HOST}:29200",),
)


@contextmanager
def running() -> Iterator[Addresses]:
    """Run the project `people-test` from empty volumes; remove it with its volumes afterwards."""
    compose("down", "--volumes", "--remove-orphans")
    try:
        compose("up", "--build", "--wait", "--wait-timeout", "300")
        yield ADDRESSES
    finally:
        compose("down", "--volumes", "--remove-orphans")


def compose(*arguments: str) -> str:
    """Run docker compose on the project; an AssertionError has its output when it fails."""
    return _docker("compose", "-p", "people-test", *FILES, *arguments)


def containers(service: str | None = None) -> list[dict[str, Any]]:
    """Return `docker inspect` of the project's containers, including ended jobs."""
    names = compose("ps", "--all", "--quiet", *([service] if service else [])).split()
    inspected: list[dict[str, Any]] = json.loads(_docker("inspect", *names))
    return inspected


def metrics(container: str, port: int) -> list[str]:
    """Return the lines of /metrics on a container's admin port, requested from inside it."""
    code = f"import urllib.request as r; print(r.urlopen('http://{HOST}:{port}/metrics').read().decode())"
    return _docker("exec", container, "python", "-c", code).splitlines()


def packages(container: str) -> set[str]:
    """Return the distributions that a container's Python finds in /opt."""
    code = (
        "from importlib.metadata import distributions as d; import sys;"
        "print(*(p.metadata['Name'] for p in d(path=[p for p in sys.path if '/opt/' in p])))"
    )
    names = _docker("exec", container, "python", "-c", code).split()
    return {name.lower().replace("_", "-") for name in names}


def _docker(*arguments: str) -> str:
    done = subprocess.run(
        ["docker", *arguments], cwd=ROOT, check=False, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-1000:]
    return done.stdout
