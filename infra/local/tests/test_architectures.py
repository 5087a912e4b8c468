"""What is fetched and how it runs, by processor; ARM64 is chosen here and was never run here."""

from dataclasses import fields
from pathlib import Path

import pytest

from local_stack import StackError, apt, browser
from local_stack.debian import (
    AMD64,
    ARM64,
    Architecture,
    browser_packages,
    distribution,
    load_packages,
)
from local_stack.software import Software

DEBIAN = {"ID": "debian", "VERSION_CODENAME": "trixie"}
UBUNTU = {"ID": "ubuntu", "VERSION_CODENAME": "noble"}
LOADERS = {AMD64: "ld-linux-x86-64.so.2", ARM64: "ld-linux-aarch64.so.1"}


@pytest.mark.parametrize(("machine", "architecture"), [("x86_64", AMD64), ("aarch64", ARM64)])
@pytest.mark.parametrize("os_release", [DEBIAN, UBUNTU], ids=lambda one: one["ID"])
def test_packages_are_chosen_for_the_processor_of_the_machine(
    os_release: dict[str, str], machine: str, architecture: Architecture
) -> None:
    assert distribution(os_release, machine).architecture is architecture
    assert load_packages(os_release, machine).architecture is architecture
    assert browser_packages(DEBIAN, machine).architecture is architecture


@pytest.mark.parametrize("machine", ["riscv64", "ppc64le", "armv7l"])
def test_a_processor_without_builds_is_one_line_that_points_to_compose(machine: str) -> None:
    with pytest.raises(StackError) as refused:
        distribution(DEBIAN, machine)
    assert str(refused.value) == (
        "the local stack has servers for Debian and Ubuntu on x86_64 and aarch64; "
        f"this is debian on {machine}: use `docker compose up --build --wait`"
    )


@pytest.mark.parametrize(("machine", "name"), [("x86_64", "amd64"), ("aarch64", "arm64")])
def test_apt_is_asked_for_that_processor_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: str, name: str
) -> None:
    monkeypatch.setattr(apt, "mirror", lambda _distribution: "http://mirror.invalid/debian")
    wanted = distribution(DEBIAN, machine)
    apt.lay_out(tmp_path, wanted)
    assert f" arch={name}] " in (tmp_path / "sources.list").read_text()
    status = (tmp_path / "status").read_text()
    assert status.count(f"Architecture: {name}\n") == status.count("Package: ") > 0
    options = apt.apt_options(tmp_path, wanted.architecture)
    assert {f"APT::Architecture={name}", f"APT::Architectures={name}"} <= set(options)


@pytest.mark.parametrize("architecture", LOADERS, ids=lambda one: one.debian)
@pytest.mark.parametrize("folder", ["usr/lib", "lib"])
def test_an_unpacked_program_runs_by_the_loader_of_its_processor(
    tmp_path: Path, folder: str, architecture: Architecture
) -> None:
    libraries = tmp_path / folder / architecture.triplet
    libraries.mkdir(parents=True)
    loader = libraries / LOADERS[architecture]
    loader.touch()
    paths = {one.name: tmp_path for one in fields(Software) if one.name != "architecture"}
    command = Software(architecture, **paths).unpacked("usr/bin/redis-server")
    program = str(tmp_path / "usr/bin/redis-server")
    assert command == [str(loader), "--library-path", str(libraries), program]


def test_a_browser_for_arm_finds_its_libraries(tmp_path: Path) -> None:
    found = browser.browser_of(tmp_path / "content", ARM64).environment["LD_LIBRARY_PATH"]
    folder = f"{tmp_path}/content/usr/lib/aarch64-linux-gnu"
    assert found.split(":")[0] == folder
    assert found.split(":")[-1] == f"{folder}/pulseaudio"
