"""Settings of the programs in infra/k8s: they exist, and equal those of compose."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic_settings import BaseSettings

import canary.settings
import console.settings
import platform_setup.mysql_users
import platform_setup.recovery.ledger_writer
import platform_setup.recovery.settings
import platform_setup.schema_rule
import platform_setup.topics
import view_verifier.settings
from chassis.process.settings import load
from local_stack.addresses import SERVICES
from tests.support.kubernetes.manifests import (
    COMPOSE,
    OVERLAYS,
    container,
    environment,
    pod,
    secrets,
    services,
    workloads,
)
from tests.support.stack.programs import PREFIXES, every, module

SETTINGS: dict[str, type[BaseSettings]] = {
    **{name: module(name, "settings").Settings for name in every(*SERVICES)},
    **{f"{one}migrate": module(f"{one}command-api", "settings").Settings for one in PREFIXES},
    **dict.fromkeys(every("view-verifier"), view_verifier.settings.Settings),
    "canary": canary.settings.Settings,
    "console": console.settings.Settings,
    "mysql-users": platform_setup.mysql_users.Settings,
    "topics": platform_setup.topics.Settings,
    "schema-rule": platform_setup.schema_rule.Settings,
    "erasure-ledger": platform_setup.recovery.ledger_writer.Settings,
    "restore": platform_setup.recovery.settings.Settings,
}
PROGRAMS = [(overlay, name) for overlay in OVERLAYS for name in SETTINGS]
# Elsewhere it keeps the connector running; here Strimzi does.
NOT_HERE = ("CONSOLE_CONNECTOR_SUPERVISOR_ADMIN_URL", "SETUP_RESTORE_CONNECT_URL")
# Unset here; and a pod has one process, since pods are what scales.
ONLY_THERE = ("OTLP_ENDPOINT", "_PROCESSES")
PLAIN = {"people-kafka-bootstrap:9092": "kafka:9092"}


def loaded_settings(overlay: str, name: str, monkeypatch: pytest.MonkeyPatch) -> BaseSettings:
    """Return the settings as the program parses them there; fail with its message otherwise."""
    workload = workloads(overlay)[name]
    for variable in os.environ:
        if re.match("(COMMAND|QUERY|SEARCH)_|REDIS_P|CANARY|CONSOLE|SETUP|VIEW_VERIFIER", variable):
            monkeypatch.delenv(variable)
    for variable, value in environment(overlay, workload).items():
        monkeypatch.setenv(variable, value)
    prefix = str(SETTINGS[name].model_config["env_prefix"])
    for file in secrets(workload):
        if file.upper().startswith(prefix):
            monkeypatch.setenv(file.upper(), "secret")
    return load(SETTINGS[name])


def test_every_workload_has_its_settings_class() -> None:
    for overlay in OVERLAYS:
        assert set(workloads(overlay)) == set(SETTINGS), overlay


def test_workloads_equal_compose_except_supervisor_and_proxy() -> None:
    built_here = {name for name, service in COMPOSE.items() if "build" in service}
    elsewhere = {*every("connector-supervisor"), "proxy", "observability"}
    assert built_here - set(SETTINGS) == elsewhere


@pytest.mark.parametrize(("overlay", "name"), PROGRAMS)
def test_program_starts_with_its_configuration(
    overlay: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded_settings(overlay, name, monkeypatch)


@pytest.mark.parametrize(("overlay", "name"), PROGRAMS)
def test_file_named_by_a_setting_is_mounted(overlay: str, name: str) -> None:
    workload = workloads(overlay)[name]
    for variable, value in environment(overlay, workload).items():
        if variable.endswith("_FILE"):
            assert Path(value).relative_to("/run/secrets").name in secrets(workload), variable


@pytest.mark.parametrize("name", SETTINGS)
def test_development_has_the_settings_of_compose(name: str) -> None:
    workload, service = workloads("dev")[name], COMPOSE[name]
    here = {v: PLAIN.get(t, t) for v, t in environment("dev", workload).items()}
    there = {v: str(t) for v, t in service["environment"].items() if not v.endswith(ONLY_THERE)}
    for variable in NOT_HERE:
        there.pop(variable, None)
    drains = {v for v in there if v.endswith("DRAIN_DELAY")}
    assert {v: t for v, t in here.items() if v not in drains} == {
        v: t for v, t in there.items() if v not in drains
    }
    files = {one["target"] for one in service.get("secrets", [])}
    assert set(secrets(workload)) == files


@pytest.mark.parametrize(
    ("overlay", "name"), [(o, n) for o, n in PROGRAMS if "admin_port" in SETTINGS[n].model_fields]
)
def test_container_ports_equal_the_program_s_ports(
    overlay: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    workload = workloads(overlay)[name]
    if workload["kind"] in {"Job", "CronJob"}:
        return
    settings: Any = loaded_settings(overlay, name, monkeypatch)
    listened = {
        port: getattr(settings, f"{port}_port")
        for port in ("http", "grpc", "admin")
        if hasattr(settings, f"{port}_port")
    }
    ports = {port["name"]: port["containerPort"] for port in container(workload)["ports"]}
    assert ports == listened


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_termination_grace_period_covers_drain_and_grace(
    overlay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, workload in services(overlay).items():
        settings: Any = loaded_settings(overlay, name, monkeypatch)
        takes = settings.drain_delay + settings.grace
        assert pod(workload)["terminationGracePeriodSeconds"] >= takes + 5, name


OF_MYSQL = [n for n, s in SETTINGS.items() if "mysql_ca_file" in s.model_fields]


@pytest.mark.parametrize("name", [*OF_MYSQL, "mysql-users"])
def test_production_connects_to_mysql_over_tls(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: Any = loaded_settings("production", name, monkeypatch)
    assert getattr(settings, "mysql_ca_file", None) or settings.ca_file


@pytest.mark.parametrize("name", ["query-api", "redis-projector", "view-verifier"])
def test_production_redis_is_a_cluster_over_tls(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: Any = loaded_settings("production", name, monkeypatch)
    assert settings.redis_cluster
    assert settings.redis_url.startswith("rediss://")
    assert settings.redis_ca_file
    assert settings.redis_password


@pytest.mark.parametrize("name", SERVICES)
def test_production_samples_one_trace_in_a_hundred(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: Any = loaded_settings("production", name, monkeypatch)
    assert settings.trace_ratio == 0.01
