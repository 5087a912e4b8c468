"""Changed fields of an existing aggregate: a three-way merge of each file.

The base is the output for the fields in infra/aggregates, and the other side is the output for the
new fields. So a manual change stays. Where both changed the same lines, the file has conflict
markers, as after `git merge` (git-merge-file(1)).
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
from new_aggregate.aggregate import PROGRAMS, STRIDE, Aggregate
from new_aggregate.fields import Field, parse

RUFF = Path(sys.executable).with_name("ruff")
# Published files are not rewritten: databases and logs depend on them.
PUBLISHED = re.compile(r"/migrations/|^schemas/samples/")
CONFLICT = re.compile(r"^<<<<<<< ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Merged:
    """A file that the new fields change; conflicts: number of merge conflicts in it."""

    path: Path
    text: str
    conflicts: int


def recorded(name: str, root: Path) -> Aggregate | None:
    """Return the aggregate recorded in infra/aggregates, or None."""
    file = root / "infra" / "aggregates" / f"{name}.yaml"
    if not file.is_file():
        return None
    content = yaml.safe_load(file.read_text("utf-8"))
    fields, _ = parse(content["fields"], own=[])
    more = content["ports"][f"{name}-command-api"]["http"] - PROGRAMS["command-api"]["http"]
    return Aggregate(name, content["database"], fields, more // STRIDE)


def changed(there: Aggregate, fields: list[Field], root: Path) -> list[Merged]:
    """Return the files for these fields, merged with the existing ones.

    Raise Refused if no file would change, or if a file has uncommitted changes, since only
    committed changes can be restored.
    """
    before, after = _own_files(there, root), _own_files(replace(there, fields=fields), root)
    paths = differing(before, after)
    if not paths:
        raise Refused(f"services/{there.name}-command-api exists already, with these fields")
    _check_in_git(paths, root)
    return [_merge(root / path, path, before[path], after[path]) for path in paths]


def differing(before: Mapping[Path, str], after: Mapping[Path, str]) -> list[Path]:
    """Return the files that the new fields change."""
    return [path for path in after if before.get(path) != after[path]]


def published(there: Aggregate, fields: list[Field], root: Path) -> list[Path]:
    """Return the published files that the new fields would change; they stay as they are."""
    before, after = (
        written.files(replace(there, fields=one), root) for one in (there.fields, fields)
    )
    return [path for path in after if PUBLISHED.search(str(path)) and before[path] != after[path]]


def renumbered(before: list[Field], after: list[Field]) -> list[str]:
    """Return the fields that were removed, moved, or have another type.

    Protobuf numbers fields in their order, and a changed number breaks deployed clients.
    """
    old, new = ([(field.name, field.type) for field in fields] for fields in (before, after))
    return [name for at, (name, type_) in enumerate(old) if new[at : at + 1] != [(name, type_)]]


def _own_files(aggregate: Aggregate, root: Path) -> dict[Path, str]:
    """Return the aggregate's own files; entries in shared files do not depend on fields."""
    files = written.files(aggregate, root) | registered.own(aggregate, root)
    return {path: text for path, text in files.items() if not PUBLISHED.search(str(path))}


def _formatted(path: Path, text: str) -> str:
    """Return the text as it is written: Python formatted and with sorted imports."""
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
        raise Refused(
            f"commit or stash these files first, so that their changes can be restored:\n{status}"
        )


def _merge(file: Path, path: Path, before: str, after: str) -> Merged:
    """Merge one file; raise Refused if it does not exist."""
    if not file.is_file():
        raise Refused(f"{path} does not exist, but the new fields would change it")
    with TemporaryDirectory() as folder:
        base, other = Path(folder, "before"), Path(folder, "after")
        base.write_text(_formatted(path, before), "utf-8")
        other.write_text(_formatted(path, after), "utf-8")
        names = ("-L", "yours", "-L", "the old fields", "-L", "the new fields")
        command = ["git", "merge-file", "-p", "--diff3", *names, str(file), str(base), str(other)]
        text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return Merged(path, text, len(CONFLICT.findall(text)))
