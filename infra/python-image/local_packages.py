"""Print the folders that a program is installed from: its own, and the libraries that it requires.

Run in the root of the repository: `local_packages.py services/query-api`. Extras are followed:
`chassis[grpc]` brings `http2`.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAME = re.compile(r"[\w-]+")
EXTRAS = re.compile(r"\[([\w,-]+)\]")


def main() -> None:
    member = Path(sys.argv[1])
    files = [*Path("libs").glob("*/pyproject.toml"), *Path("services").glob("*/pyproject.toml")]
    folders = [*(file.parent for file in files), Path("schemas")]
    libraries = {project(folder)["name"]: folder for folder in folders}
    found = dict.fromkeys([member, *needed(member, set(), libraries)])
    print(*(f"./{folder}" for folder in found), sep="\n")


def project(folder: Path) -> dict[str, Any]:
    """Return the table `project` of its pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    return table


def needed(folder: Path, extras: set[str], libraries: dict[str, Path]) -> Iterator[Path]:
    """Yield the libraries that a folder requires with these extras, directly or indirectly."""
    own = project(folder)
    more = own.get("optional-dependencies", {})
    for requirement in [*own["dependencies"], *(one for extra in extras for one in more[extra])]:
        if library := libraries.get(NAME.findall(requirement)[0]):
            yield library
            wanted = {name for found in EXTRAS.findall(requirement) for name in found.split(",")}
            yield from needed(library, wanted, libraries)


if __name__ == "__main__":
    main()
