"""Every package and image has the one version; required versions are pinned."""

import re
import tomllib
from hashlib import sha256

import pytest

from tests.support.project_files import IMAGES, PACKAGES, ROOT, project_files


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_takes_its_version_from_the_one_file(package: str) -> None:
    metadata = tomllib.loads((ROOT / package).read_text())
    assert metadata["project"]["dynamic"] == ["version"]
    if "build-system" in metadata:
        source = (ROOT / package).parent / metadata["tool"]["hatch"]["version"]["path"]
        assert source.resolve() == ROOT / "VERSION"


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_has_the_version(image: str) -> None:
    text = (ROOT / image).read_text()
    version = (ROOT / "VERSION").read_text().strip()
    assert re.findall(r"^ARG VERSION=(.+)$", text, re.MULTILINE) == [version]
    assert 'org.opencontainers.image.version="${VERSION}"' in text


# As the npm package swagger-ui-dist 5.32.8 has them.
SWAGGER_UI = {
    "LICENSE": "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30",
    "NOTICE": "0d20d1adef18aee3f40dd258172155521ce702ac445cb5f7b7d60ed32dad2fb2",
    "swagger-ui-bundle.js": "97f03cdae8b9f09f8f33b604ed4796bd318c378e90763b468bb4aa0860bd90a7",
    "swagger-ui-bundle.js.LICENSE.txt": (
        "9105cfee83332132aa4e45f855baf5e7cf3bd967ca8814beee0c2979ea9de008"
    ),
    "swagger-ui.css": "ca238f7d7c2cf4480c1e77a9c3b9da915ab216e96ffd354e69076560c650c6de",
}


def test_swagger_ui_is_unchanged_and_has_its_licences_beside_it() -> None:
    folder = ROOT / "libs/chassis/src/chassis/http/swagger_ui"
    found = {file.name: sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}
    assert found == SWAGGER_UI


def test_grpclib_is_pinned_because_private_attributes_are_used() -> None:
    """Decision 0037."""
    chassis = tomllib.loads((ROOT / "libs/chassis/pyproject.toml").read_text())["project"]
    (wanted,) = (
        one for one in chassis["optional-dependencies"]["grpc"] if one.startswith("grpclib")
    )
    version = re.fullmatch(r"grpclib==([0-9.]+)", wanted)
    assert version, wanted
    locks = [name for name in project_files() if name.endswith(".lock")]
    locked = {
        found
        for name in locks
        for found in re.findall(r"^grpclib==(\S+)", (ROOT / name).read_text(), re.MULTILINE)
    }
    assert locked == {version[1]}
