"""Images of Python programs: compose.yaml's arguments for the one Dockerfile."""

import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
FILE = "infra/python-image/Dockerfile"
DOCKERFILE = (ROOT / FILE).read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())[
    "services"
]
BUILT = {name: one for name, one in SERVICES.items() if "build" in one}
PYTHON = {name: one for name, one in BUILT.items() if one["build"]["dockerfile"] == FILE}
BASES = {own: base for base, own in re.findall(r"^FROM (\S+) AS (\S+)$", DOCKERFILE, re.MULTILINE)}
"""Stage → its base."""
ADMITTED = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", PYTHON)
def test_the_arguments_name_a_member_and_its_program(name: str) -> None:
    arguments = PYTHON[name]["build"]["args"]
    member = ROOT / arguments["MEMBER"]
    project = tomllib.loads((member / "pyproject.toml").read_text())["project"]
    assert project["name"] == arguments["NAME"]
    assert arguments["NAME"] in project["scripts"]
    assert (member / "requirements.lock").is_file()
    assert PYTHON[name]["image"] == f"people/{arguments['NAME']}"
    assert arguments["DESCRIPTION"]


def test_each_image_has_one_build() -> None:
    for image in {one["image"] for one in PYTHON.values()}:
        ways = [one["build"] for one in PYTHON.values() if one["image"] == image]
        assert all(way == ways[0] for way in ways), image


@pytest.mark.parametrize("name", PYTHON)
def test_image_with_health_check_has_one_admin_port(name: str) -> None:
    service = PYTHON[name]
    ports = [one for one in service["environment"] if one.endswith("_ADMIN_PORT")]
    is_checked = is_service(service["build"]["target"])
    assert len(ports) == (is_checked and "healthcheck" not in service)


def is_service(stage: str) -> bool:
    """Return whether the stage, or one of its bases, has the health check."""
    return stage == "service" or (stage in BASES and is_service(BASES[stage]))


@pytest.mark.parametrize("name", BUILT)
def test_dockerignore_admits_every_source_of_an_image(name: str) -> None:
    build = BUILT[name]["build"]
    for source in sources((ROOT / build["dockerfile"]).read_text(), build.get("args", {})):
        found = [str(path.relative_to(ROOT)) for path in ROOT.glob(source)]
        assert found, source
        for path in found:
            assert any(fnmatch(path, first_parts(one, path)) for one in ADMITTED), path


def first_parts(pattern: str, path: str) -> str:
    """Return the pattern cut to the path's depth: a rule for files below a folder admits it."""
    return "/".join(pattern.split("/")[: path.count("/") + 1])


def sources(dockerfile: str, arguments: dict[str, str]) -> Iterator[str]:
    """Yield the files and folders of the repository that a Dockerfile copies or mounts."""
    for line in re.findall(r"^COPY (?!.*--from)(.+) \S+$", dockerfile, re.MULTILINE):
        yield from (word for word in line.split() if not word.startswith("--"))
    given = dict(re.findall(r"^ARG (\w+)=(.*)$", dockerfile, re.MULTILINE)) | arguments
    for bound in re.findall(r"type=bind,source=([^,\s]+)", dockerfile):
        yield re.sub(r"\$\{(\w+)\}", lambda found: given[found[1]], bound)
