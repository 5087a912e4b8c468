"""White space around a secret is not part of it, wherever it is read."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.kubernetes.manifests import COMPOSE, KUBERNETES, OVERLAYS, ROOT, of_kind

SECRETS = [f for f in (ROOT / "infra/development-secrets").iterdir() if f.suffix != ".yaml"]
TRIM = KUBERNETES / "connect" / "trim-secrets.sh"
SURROUNDED = ["{}\n", "{}\r\n", " {}", "\n{}\n\n", "\t{} \n"]
INNER = "a b'\"$c"


@pytest.mark.parametrize("file", SECRETS, ids=lambda file: file.name)
def test_development_secret_has_no_surrounding_white_space(file: Path) -> None:
    """The Secrets of overlays/dev are these bytes."""
    assert file.read_text() == file.read_text().strip()


def from_secrets(overlay: str) -> set[str]:
    """Return the variables of Connect's container that hold a secret."""
    connect = of_kind(overlay, "KafkaConnect")["debezium"]["spec"]["template"]["connectContainer"]
    return {one["name"] for one in connect["env"] if "secretKeyRef" in one.get("valueFrom", {})}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_secret_of_kafka_connect_is_trimmed_on_kubernetes(overlay: str) -> None:
    trimmed = re.search(r"^for name in (.+); do$", TRIM.read_text(), re.MULTILINE)
    assert trimmed
    assert from_secrets(overlay) <= set(trimmed[1].split())


@pytest.mark.parametrize("text", SURROUNDED)
def test_kafka_connect_on_kubernetes_reads_a_secret_without_surrounding_white_space(
    text: str,
) -> None:
    script = f'. "{TRIM}"; printf %s "$DEBEZIUM_PASSWORD"'
    assert shell(script, {"DEBEZIUM_PASSWORD": text.format(INNER)}) == INNER


@pytest.mark.parametrize("text", SURROUNDED)
def test_kafka_connect_of_compose_reads_a_secret_without_surrounding_white_space(
    text: str, tmp_path: Path
) -> None:
    (tmp_path / "debezium").write_bytes(text.format(INNER).encode())
    entrypoint: Any = COMPOSE["connect"]["entrypoint"]
    command = entrypoint[-1].replace("$$", "$").replace("/run/secrets", str(tmp_path))
    assert "exec /docker-entrypoint.sh start" in command
    command = command.replace("exec /docker-entrypoint.sh start", "printenv DEBEZIUM_PASSWORD")
    assert shell(command, {}).removesuffix("\n") == INNER


def shell(script: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-c", script],
        env={"PATH": "/usr/bin:/bin", **environment},
        check=True,
        capture_output=True,
        text=True,
        timeout=10,
    )
    return done.stdout
