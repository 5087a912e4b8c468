"""White space around a secret is not part of it, wherever a program or a container reads one."""

import os
import re
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from pydantic import SecretStr
from pydantic_settings import BaseSettings

import platform_setup.mysql_users
import platform_setup.recovery.ledger_writer
import platform_setup.recovery.settings
import platform_setup.topics
from chassis.auth import client_token
from chassis.process import settings as chassis_settings
from local_stack import addresses
from local_stack.layout import Instance

ROOT = Path(__file__).parents[3]
PROGRAMS = sorted(folder.name for folder in (ROOT / "services").iterdir())
PROGRAMS += ["connector-supervisor", "canary", "console", "view-verifier", "demo"]
CLASSES: list[type[BaseSettings]] = [
    *(import_module(f"{name.replace('-', '_')}.settings").Settings for name in PROGRAMS),
    platform_setup.mysql_users.Settings,
    platform_setup.topics.Settings,
    platform_setup.recovery.settings.Settings,
    platform_setup.recovery.ledger_writer.Settings,
]
SECRET = re.compile(r"password|secret|token")
PASSWORDS = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1).map(
    lambda text: f"a {text} b"  # white space inside is part of the secret
)
SPACES = st.text(st.sampled_from(" \t\r\n\v\f"), max_size=4)


def secrets_of(settings: type[BaseSettings]) -> list[str]:
    return [n for n, field in settings.model_fields.items() if "SecretStr" in str(field.annotation)]


CASES = [
    pytest.param(settings, name, id=f"{settings.model_config['env_prefix']}{name.upper()}")
    for settings in CLASSES
    for name in secrets_of(settings)
]


def others(settings: type[BaseSettings], name: str) -> dict[str, str]:
    """Return variables for the other required settings."""
    prefix = settings.model_config["env_prefix"]
    needed = {n for n, f in settings.model_fields.items() if f.is_required()} - {name}
    beside = {"kafka_password": ["kafka_user"], "password": ["user"]}.get(name, [])
    tls = {n: "true" for n in ("kafka_tls", "tls") if n in settings.model_fields}
    values = tls | dict.fromkeys([*needed, *beside], "given")
    return {f"{prefix}{n.upper()}": value for n, value in values.items()}


def read(settings: type[BaseSettings], name: str, variables: dict[str, str]) -> str:
    with patch.dict(os.environ, others(settings, name) | variables):
        value = getattr(chassis_settings.load(settings), name)
    assert isinstance(value, SecretStr)
    return value.get_secret_value()


@pytest.mark.parametrize(("settings", "name"), CASES)
@given(secret=PASSWORDS, around=st.tuples(SPACES, SPACES))
@limits(max_examples=20)  # each example reads the setting in three ways
def test_setting_is_read_without_white_space(
    tmp_path_factory: pytest.TempPathFactory,
    settings: type[BaseSettings],
    name: str,
    secret: str,
    around: tuple[str, str],
) -> None:
    variable = f"{settings.model_config['env_prefix']}{name}"
    written = secret.join(around)
    folder = tmp_path_factory.getbasetemp() / "secrets"
    folder.mkdir(exist_ok=True)
    file = folder / variable.lower()
    file.write_bytes(written.encode())
    assert read(settings, name, {variable.upper(): written}) == secret
    assert read(settings, name, {f"{variable.upper()}_FILE": str(file)}) == secret
    with patch.object(chassis_settings, "SECRETS_DIR", folder):
        config = chassis_settings.settings_config(settings.model_config["env_prefix"])
        contained = type("Contained", (settings,), {"model_config": config})
    assert read(contained, name, {}) == secret
    file.unlink()


def test_every_setting_named_like_a_secret_has_a_secret_type() -> None:
    sounding = {
        (settings, name)
        for settings in CLASSES
        for name in settings.model_fields
        if SECRET.search(name) and not name.endswith("_file")
    }
    assert sounding == {(settings, name) for settings in CLASSES for name in secrets_of(settings)}


@given(token=st.from_regex(r"[A-Za-z0-9._-]+", fullmatch=True), before=SPACES, after=SPACES)
def test_client_token_is_read_without_white_space(
    tmp_path_factory: pytest.TempPathFactory, token: str, before: str, after: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "token"
    file.write_text(before + token + after)
    assert client_token._read(file) == token


@given(secret=PASSWORDS, before=SPACES, after=SPACES)
def test_local_stack_password_is_read_without_white_space(
    tmp_path_factory: pytest.TempPathFactory, secret: str, before: str, after: str
) -> None:
    home = tmp_path_factory.getbasetemp() / "stack"
    with patch.object(Instance, "home", home):
        instance = Instance("unit")
        file = instance.folder("secrets") / "root"
        file.write_text(before + secret + after)
        assert addresses.secret(instance, "root") == secret
        assert addresses.of(instance).password("root") == secret


def strings(value: Any) -> Iterator[str]:
    """Yield all texts in a document."""
    match value:
        case str():
            yield value
        case dict():
            yield from (text for one in value.values() for text in strings(one))
        case list():
            yield from (text for one in value for text in strings(one))


def texts() -> Iterator[tuple[str, str]]:
    """Yield texts that may contain a command, and their origin."""
    for name, service in yaml.safe_load((ROOT / "compose.yaml").read_text())["services"].items():
        yield from ((f"compose {name}", text.replace("$$", "$")) for text in strings(service))
    for file in sorted((ROOT / "infra").rglob("*.sh")):
        yield file.name, file.read_text()
    for file in sorted((ROOT / "infra/k8s/overlays/dev").glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            yield from ((f"dev {file.stem}", text) for text in strings(document))


COMMAND = re.compile(r"""\b\w+ (?:'[^']*' )?"?/run/secrets/[\w$]+"?""")
READS = [(place, command) for place, text in texts() for command in COMMAND.findall(text)]


def test_shells_that_read_secrets_are_found() -> None:
    places = {place for place, _ in READS}
    assert places >= {"compose mysql", "compose redis", "compose connect", "start.sh"}
    assert places >= {"dev mysql", "dev redis"}


@pytest.mark.parametrize(("place", "command"), READS, ids=[place for place, _ in READS])
@pytest.mark.parametrize("around", ["{}", "{}\n", "{}\r\n", " \n\t{} \n\n", "\r\n {}\t"])
def test_container_shell_reads_a_secret_without_white_space(
    tmp_path: Path, place: str, command: str, around: str
) -> None:
    secret = r"a b\c$d'e/f&"
    file = tmp_path / "secret"
    file.write_bytes(around.format(secret).encode())
    here = re.sub(r"\"?/run/secrets/[\w$]+\"?", str(file), command)
    completed = subprocess.run(
        ["sh", "-c", f'printf %s "$({here})"'], check=True, capture_output=True, text=True
    )
    assert completed.stdout == secret, place
