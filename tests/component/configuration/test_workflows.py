"""Workflows only install tools and call a script of .ci, which runs the same on any machine."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.stack.go_tools import tool
from tests.support.stack.skipped import can_build_images

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(file.name for file in FOLDER.iterdir())
# Workflow → when it runs, and its one command.
CALLS = {
    "check-and-test.yml": ({"push", "pull_request"}, ".ci/run"),
    "nightly.yml": ({"schedule", "workflow_dispatch"}, '.ci/nightly "${{ matrix.suite }}"'),
    "release.yml": ({"push"}, ".ci/release"),
}
SUITES = ["chaos", "clusters", "mutants", "kubernetes", "soak", "fuzz", "cpu"]
BROKEN = """
on: push
jobs:
  run:
    runs-on: ubuntu-24.04
    steps:
      - run: echo "${{ matrix.missing }}"
"""


def content(workflow: str) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load((FOLDER / workflow).read_text())
    return found


def actionlint(*files: Path) -> subprocess.CompletedProcess[str]:
    """Without the shell's and Python's linters, which a machine may have or not."""
    command = [tool("actionlint"), "-no-color", "-shellcheck=", "-pyflakes=", *map(str, files)]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)


def test_workflows_are_valid() -> None:
    linted = actionlint(*FOLDER.iterdir())
    assert linted.returncode == 0, linted.stdout


def test_an_invalid_workflow_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "broken.yml"
    file.write_text(BROKEN)
    linted = actionlint(file)
    assert linted.returncode == 1
    assert 'property "missing" is not defined' in linted.stdout


def test_every_workflow_is_known() -> None:
    assert sorted(CALLS) == WORKFLOWS


@pytest.mark.parametrize("workflow", CALLS)
def test_a_workflow_makes_one_call_and_does_nothing_of_its_own(workflow: str) -> None:
    called = content(workflow)
    begins, call = CALLS[workflow]
    assert called["permissions"] == {"contents": "read"}
    assert set(called[True]) == begins  # YAML 1.1 reads `on` as true
    (job,) = called["jobs"].values()
    assert job["timeout-minutes"] < 360  # where GitHub ends a job
    assert [step["run"] for step in job["steps"] if "run" in step] == [call]
    script = call.split()[0]
    assert (ROOT / script).stat().st_mode & 0o111


@pytest.mark.parametrize("workflow", CALLS)
def test_actions_are_pinned_by_commit(workflow: str) -> None:
    (job,) = content(workflow)["jobs"].values()
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert [name.partition("@")[0] for name in used] == [
        "actions/checkout",
        "actions/setup-python",
        "actions/setup-go",
    ]
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name) for name in used)


def test_the_night_has_every_suite() -> None:
    (job,) = content("nightly.yml")["jobs"].values()
    assert job["strategy"]["matrix"]["suite"] == SUITES
    script = (ROOT / ".ci" / "nightly").read_text()
    assert re.findall(r"^    (\w+)\) run=", script, re.MULTILINE) == SUITES


@pytest.mark.parametrize("code", [0, 3])
def test_a_suite_of_the_night_publishes_its_table_and_ends_as_it_did(
    tmp_path: Path, code: int
) -> None:
    script = tmp_path / ".ci" / "nightly"
    script.parent.mkdir()
    shutil.copy(ROOT / ".ci" / "nightly", script)
    for name, text in {
        "make": "mkdir -p .local/chaos && echo '| T1 |' > .local/chaos/table.md\n"
        f"echo did $@; exit {code}",
        "git": "echo 1a2b3c4",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    summary = tmp_path / "summary.md"
    path = f"{tmp_path}:{os.environ['PATH']}"
    ended = subprocess.run(
        [script, "soak"],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": path, "GITHUB_STEP_SUMMARY": str(summary)},
    )
    assert (ended.returncode, ended.stdout) == (code, "did chaos MINUTES=240\n")
    assert summary.read_text() == (
        f"## soak: `make chaos MINUTES=240` at 1a2b3c4, exit code {code}\n\n| T1 |\n"
    )


def test_a_release_of_another_version_than_the_tag_s_is_refused() -> None:
    refused = subprocess.run(
        [ROOT / ".ci" / "release"],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "TAG": "v0.0.0", "REGISTRY": "registry.invalid/people"},
    )
    version = (ROOT / "VERSION").read_text().strip()
    assert refused.returncode == 1
    assert refused.stderr == f"the tag is v0.0.0, the file VERSION has {version}\n"


def test_images_without_buildx_say_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    refused = subprocess.run(
        [ROOT / ".ci" / "images", "registry.invalid/people", "1.2.3"],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "docker buildx is needed to build images\n"


@pytest.mark.skipif(not can_build_images(), reason="needs docker buildx and jq")
def test_a_release_builds_each_image_once_for_both_processors() -> None:
    completed = subprocess.run(
        [ROOT / ".ci" / "images", "registry.invalid/people", "1.2.3"],
        check=True,
        capture_output=True,
        text=True,
    )
    targets = json.loads(completed.stdout)["target"].values()
    tags = [tag for one in targets for tag in one["tags"]]
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"].values()
    built = {one["image"] for one in services if "build" in one} | {"people/connect"}
    assert sorted(tags) == sorted(f"registry.invalid/{name}:1.2.3" for name in built)
    assert all(one["platforms"] == ["linux/amd64", "linux/arm64"] for one in targets)


def test_one_version_of_python_everywhere() -> None:
    version = (ROOT / ".python-version").read_text().strip()
    image = (ROOT / "infra/python-image/Dockerfile").read_text()
    assert set(re.findall(r"python:(\d\.\d+)-slim", image)) == {version}
    assert f"python:{version}-" in (ROOT / ".devcontainer/devcontainer.json").read_text()


def test_hooks_before_a_commit_are_commands_of_make_check() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    recipe = (ROOT / "Makefile").read_text().partition("\ncheck: ")[2].partition("\naudit: ")[0]
    assert hooks[-1]["entry"] == "make check"
    for hook in hooks[:-1]:
        assert hook["entry"].replace(".venv/bin", "$(BIN)") in recipe
