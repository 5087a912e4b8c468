"""Other fields for an aggregate that is there already: a three-way merge of each file.

The base is what would be written for the fields that infra/aggregates has of it, and the other side
what would be written for the new ones. So a change by hand stays, and where both changed the same
lines a person decides, as after `git merge` (git-merge-file(1)).
"""

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from new_aggregate import Refused, registered, written
from new_aggregate.aggregate import LIVING, STRIDE, Aggregate
from new_aggregate.fields import Field, parse

RUFF = Path(sys.executable).with_name("ruff")
# What is published is not rewritten: databases and logs were made with it.
PUBLISHED = re.compile(r"/migrations/|^schemas/samples/")
CONFLICT = re.compile(r"^<<<<<<< ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Merged:
    """A file that the other fields change; conflicts: hunks that a person must decide."""

    path: Path
    text: str
    conflicts: int


def recorded(name: str, root: Path) -> Aggregate | None:
    """The aggregate as infra/aggregates has it; None: there is none of this name."""
    file = root / "infra" / "aggregates" / f"{name}.yaml"
    if not file.is_file():
        return None
    content = yaml.safe_load(file.read_text("utf-8"))
    fields, _ = parse(content["fields"], own=[])
    more = content["ports"][f"{name}-command-api"]["http"] - LIVING["command-api"]["http"]
    return Aggregate(name, content["database"], fields, more // STRIDE)


def changed(there: Aggregate, fields: list[Field], root: Path) -> list[Merged]:
    """The files for these fields, merged with what is there.

    Raises Refused where nothing would change, or where a file has changes that git does not have:
    what is in git can be taken back.
    """
    before, after = _made(there, root), _made(replace(there, fields=fields), root)
    paths = differing(before, after)
    if not paths:
        raise Refused(f"services/{there.name}-command-api is there already, with these fields")
    _check_in_git(paths, root)
    return [_merge(root / path, path, before[path], after[path]) for path in paths]


def differing(before: Mapping[Path, str], after: Mapping[Path, str]) -> list[Path]:
    """The files that the other fields change."""
    return [path for path in after if before.get(path) != after[path]]


def published(there: Aggregate, fields: list[Field], root: Path) -> list[Path]:
    """Files that stay as they are, although they would be written otherwise now."""
    before, after = (
        written.files(replace(there, fields=one), root) for one in (there.fields, fields)
    )
    return [path for path in after if PUBLISHED.search(str(path)) and before[path] != after[path]]


def _made(aggregate: Aggregate, root: Path) -> dict[Path, str]:
    """What is written for an aggregate of its own: entries in shared files name no field."""
    files = written.files(aggregate, root) | registered.own(aggregate, root)
    return {path: text for path, text in files.items() if not PUBLISHED.search(str(path))}


def _formatted(path: Path, text: str) -> str:
    """As it stands in the file: Python with sorted imports, formatted."""
    if path.suffix != ".py":
        return text
    for command in (["check", "--quiet", "--select", "I", "--fix"], ["format", "--quiet"]):
        arguments = [str(RUFF), *command, "--stdin-filename", str(path), "-"]
        done = subprocess.run(arguments, input=text, capture_output=True, text=True, check=True)
        text = done.stdout
    return text


def _check_in_git(paths: list[Path], root: Path) -> None:
    command = ["git", "status", "--porcelain", "--untracked-files=all", "--", *map(str, paths)]
    status = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    if status:
        raise Refused(f"commit or stash these first, so that they can be taken back:\n{status}")


def _merge(file: Path, path: Path, before: str, after: str) -> Merged:
    """Raises Refused where the file is gone."""
    if not file.is_file():
        raise Refused(f"{path} is gone, and the other fields would change it")
    with TemporaryDirectory() as folder:
        base, other = Path(folder, "before"), Path(folder, "after")
        base.write_text(_formatted(path, before), "utf-8")
        other.write_text(_formatted(path, after), "utf-8")
        names = ("-L", "yours", "-L", "the former fields", "-L", "the new fields")
        command = ["git", "merge-file", "-p", "--diff3", *names, str(file), str(base), str(other)]
        text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return Merged(path, text, len(CONFLICT.findall(text)))
