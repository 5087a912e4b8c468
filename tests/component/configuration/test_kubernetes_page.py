"""Commands of docs/kubernetes.md: what they name exists in the development overlay."""

import re

import pytest

from tests.support.kubernetes.manifests import ROOT, container, of_kind, workloads

TEXT = (ROOT / "docs" / "kubernetes.md").read_text("utf-8")
BLOCKS = [block.replace("\\\n", " ") for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)]
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]
KINDS = {
    "deploy": "Deployment",
    "svc": "Service",
    "cronjob": "CronJob",
    "kafkaconnector": "KafkaConnector",
}


def test_first_user_takes_at_most_twenty_commands() -> None:
    first = next(block for block in BLOCKS if "curl" in block).splitlines()
    assert 5 < len(first) <= 20


@pytest.mark.parametrize("command", COMMANDS)
def test_named_resource_exists(command: str) -> None:
    for kind, name in re.findall(rf"\b({'|'.join(KINDS)})/([\w-]+)", command):
        assert name in of_kind("dev", KINDS[kind]), command
    for name in re.findall(r"exec -n people-dev ([\w-]+)-0 ", command):
        assert name in of_kind("dev", "StatefulSet"), command
    for path in re.findall(r"infra/\S+", command):
        assert (ROOT / path).exists(), command
    if command.startswith("kubectl") and "create" not in command:
        assert " -n people-dev" in command or "infra/k8s/overlays/dev" in command, command


def test_every_image_of_this_repository_is_loaded_into_the_cluster() -> None:
    (loaded,) = (line.split()[3:] for line in COMMANDS if line.startswith("kind load"))
    images = {container(one)["image"] for one in workloads("dev").values()}
    others = tuple(f"people/{file.stem}-" for file in (ROOT / "infra/aggregates").glob("*.yaml"))
    used = {image for image in images if not image.startswith(others)}
    connect = of_kind("dev", "KafkaConnect")["debezium"]["spec"]["image"]
    assert set(loaded) == {*used, connect}


def test_jobs_are_selected_by_their_label() -> None:
    selected = {
        name
        for name, one in of_kind("dev", "Job").items()
        if one["metadata"]["labels"]["app.kubernetes.io/component"] == "job"
    }
    assert selected == set(of_kind("dev", "Job"))
