"""Templates stay equal to the source files that they replace."""

import subprocess
import sys
from pathlib import Path

import pytest

from new_aggregate import ROOT, written
from new_aggregate.fields import Field

NAMES = [Field("first_name", "text", 100), Field("last_name", "text", 100)]
# A schema for each field where users have one for both names; a sample of their own.
ON_PURPOSE = {Path("schemas/openapi/user.yaml"), Path("schemas/samples/user_event/v1.avsc")}
RUFF = Path(sys.executable).with_name("ruff")


def compared() -> list[Path]:
    return [path for path in written.templates() if path not in ON_PURPOSE]


def formatted(text: str) -> str:
    command = [str(RUFF), "format", "--quiet", "-"]
    return subprocess.check_output(command, input=text, text=True, cwd=ROOT)


@pytest.mark.parametrize("path", compared(), ids=str)
def test_template_renders_the_source_file_for_the_fields_of_users(path: Path) -> None:
    text = written.render(path, NAMES, plain=False)
    made = formatted(text) if path.suffix == ".py" else text
    assert made == (ROOT / path).read_text("utf-8")


def test_every_source_file_that_names_a_field_has_a_template() -> None:
    named = [
        path
        for path in written.sources(ROOT)
        if "first_name" in (ROOT / path).read_text("utf-8") and path not in written.templates()
    ]
    assert named == []
