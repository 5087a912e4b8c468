"""compose.yaml, checked as a file: no engine needed."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_stack.addresses import APIS, CONSOLE, MORE_APIS
from local_stack.layout import PORTS

ROOT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILES = sorted(ROOT.glob("infra/*/Dockerfile"))
APIS_AND_CONSOLE = (*APIS, *MORE_APIS, CONSOLE)
PUBLISHED_BY_DEFAULT = {
    port for name in APIS_AND_CONSOLE for use, port in PORTS[name].items() if use != "admin"
}


def test_official_images_are_pinned_and_named_once() -> None:
    images = [one["image"] for one in SERVICES.values() if "build" not in one]
    assert len(images) == len(set(images))
    for image in images:
        assert re.search(r":v?\d+\.\d+\.\d+(\.Final)?$", image), image


def test_every_dockerfile_builds_from_the_same_pinned_images() -> None:
    bases = {
        line.split()[1]
        for file in DOCKERFILES
        for line in file.read_text().splitlines()
        if line.startswith("FROM ") and ":" in line
    }
    uv = re.search(r"^UV_VERSION := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert uv
    assert bases == {
        f"ghcr.io/astral-sh/uv:{uv[1]}",
        "python:3.13-slim-trixie",
        "debian:trixie-slim",
    }


def test_only_the_apis_and_the_console_are_published_by_default_and_all_on_loopback() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            host, published, _ = port.split(":")
            assert host == "127.0.0.1", name
            assert service.get("profiles") or int(published) in PUBLISHED_BY_DEFAULT, name


SERVERS = {"mysql", "redis", "kafka", "registry", "connect", "opensearch"}


def test_host_has_no_address_in_the_servers_network() -> None:
    isolated = COMPOSE["networks"]["servers"]
    assert isolated["internal"] is True
    option = "com.docker.network.bridge.gateway_mode_ipv4"
    assert isolated["driver_opts"][option] == "isolated"
    for name in SERVERS:
        assert SERVICES[name]["networks"] == ["servers"], name
        assert "ports" not in SERVICES[name], name


def test_observability_ports_are_published_by_the_proxy_that_rejects_pages() -> None:
    configuration = (ROOT / "infra/proxy/observability.cfg").read_text()
    observers = {
        name
        for name, service in SERVICES.items()
        if "observability" in service.get("profiles", []) and name != "observability"
    }
    assert observers == set(re.findall(r"^backend (\S+)$", configuration, re.MULTILINE))
    published = {port.split(":")[2] for port in SERVICES["observability"]["ports"]}
    assert published == set(re.findall(r"^    bind :(\d+)$", configuration, re.MULTILINE))
    assert not any("ports" in SERVICES[name] for name in observers)


def test_compose_file_has_no_password() -> None:
    for name, service in SERVICES.items():
        for variable in service.get("environment", {}):
            if "PASSWORD" in variable:
                assert variable.endswith("_FILE"), f"{name}: {variable}"


def test_no_service_waits_by_sleeping() -> None:
    assert "sleep" not in (ROOT / "compose.yaml").read_text()


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_confined_and_limited(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]
