"""The licence is in the repository, in every package and in every image."""

import subprocess
import sys
import tomllib
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from tests.support.project_files import IMAGES, PACKAGES, ROOT


def test_the_licence_is_apache_2_0_word_for_word() -> None:
    text = (ROOT / "LICENSE").read_bytes()  # as https://www.apache.org/licenses/LICENSE-2.0.txt
    assert sha256(text).hexdigest() == (
        "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
    )


def test_there_are_packages_and_images() -> None:
    assert len(PACKAGES) > 15
    assert len(IMAGES) >= 3


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_names_the_licence(package: str) -> None:
    project = tomllib.loads((ROOT / package).read_text())["project"]
    assert project["license"] == "Apache-2.0"  # an SPDX expression, PEP 639
    assert project["description"]


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_names_the_licence(image: str) -> None:
    assert 'org.opencontainers.image.licenses="Apache-2.0"' in (ROOT / image).read_text()


def test_a_wheel_names_the_licence(tmp_path: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    quiet = ("--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable)
    subprocess.run([uv, "build", *quiet, "--out-dir", tmp_path, "libs/http2"], cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        (metadata,) = (name for name in content.namelist() if name.endswith("/METADATA"))
        assert "License-Expression: Apache-2.0" in content.read(metadata).decode().splitlines()
