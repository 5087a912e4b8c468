"""The diagrams of docs/architecture.md name files and functions that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DIAGRAMS = re.findall(
    r"```mermaid\n(.*?)```", (ROOT / "docs/architecture.md").read_text("utf-8"), re.DOTALL
)
PARTICIPANTS = "\n".join(DIAGRAMS).replace("/<br/>", "/").replace("<br/>", " ")
NAMED = sorted(set(re.findall(r"([\w/]+\.py)(?: (\w+)\(\))?", PARTICIPANTS)))
SOURCES = [file for part in ("libs", "services") for file in (ROOT / part).glob("*/src/**/*.py")]


def test_each_walk_and_the_libraries_have_a_diagram() -> None:
    assert len(DIAGRAMS) == 6
    assert len(NAMED) >= 15


@pytest.mark.parametrize(("name", "function"), NAMED, ids=str)
def test_named_file_and_function_exist(name: str, function: str) -> None:
    (file,) = [file for file in SOURCES if str(file).endswith(f"/{name}")]
    if function:
        assert re.search(rf"\bdef {function}\(", file.read_text("utf-8"))
