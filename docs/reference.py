"""The API reference of the libraries: a page for each package, out of its docstrings.

The pages only name the modules; mkdocstrings reads the sources, without importing them.
"""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "reference"
LIBRARIES = ("http2", "chassis", "eventstore", "projections")
INDEX = """\
# API reference

The libraries under `libs/`, generated from their docstrings.
A docstring says what is promised and which errors are raised.
Names that begin with an underscore are internal and left out.

| package | about |
|---|---|
"""
Nav = list[dict[str, object]]


def write(pages: Path) -> Nav:
    """Write the pages below a folder; returns their part of the navigation."""
    index, nav = INDEX, Nav([{"Packages": f"{FOLDER}/README.md"}])
    for library in LIBRARIES:
        source = ROOT / "libs" / library / "src"
        entries: Nav = []
        for package in sorted(_packages(source / library)):
            name = ".".join(package.relative_to(source).parts)
            page = f"{FOLDER}/{name}.md"
            _write(pages / page, _page(name, package))
            entries.append({name: page})
            index += f"| [{name}]({name}.md) | {_first_line(package)} |\n"
        nav.append({library: entries})
    _write(pages / FOLDER / "README.md", index)
    return nav


def _packages(folder: Path) -> Iterator[Path]:
    """The folder and those below it that hold modules."""
    return (file.parent for file in folder.rglob("__init__.py"))


def _page(name: str, package: Path) -> str:
    modules = sorted(file.stem for file in package.glob("*.py") if not file.stem.startswith("_"))
    names = [name, *(f"{name}.{module}" for module in modules)]
    parts = (f"::: {one}\n    options: {{show_submodules: false}}\n" for one in names)
    return f"# {name}\n\n" + "\n".join(parts)


def _first_line(package: Path) -> str:
    text = (package / "__init__.py").read_text("utf-8").partition('"""')[2]
    return text.partition("\n")[0].removesuffix('"""')


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
