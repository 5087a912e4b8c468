"""Command `new-aggregate NAME FIELDS [--plural PLURAL]`, as `make new-aggregate` runs it.

If the aggregate exists already, the changed fields are merged into its files.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from chassis.process.interrupts import interruptible
from new_aggregate import ROOT, Refused, merged, registered, written
from new_aggregate.aggregate import Aggregate, fields_for, requested
from new_aggregate.fields import Field

RUFF = Path(sys.executable).with_name("ruff")


@interruptible()
def main() -> None:
    """Write all files or none: they are rendered in memory before the first is written."""
    wanted = _parser().parse_args()
    try:
        there = merged.recorded(wanted.name, ROOT)
        if there is None:
            _write(requested(wanted.name, wanted.fields, wanted.plural or None, ROOT))
        else:
            _change(there, fields_for(wanted.name, there.plural, wanted.fields))
    except Refused as refusal:
        sys.exit(f"Nothing was written.\n{refusal}")


def _change(there: Aggregate, fields: list[Field]) -> None:
    """Merge changed fields into the files of an aggregate; exit with 1 on merge conflicts."""
    files = merged.changed(there, fields, ROOT)
    for file in files:
        (ROOT / file.path).write_text(file.text, "utf-8")
        print(
            f"  {file.path}"
            + (f": {file.conflicts} conflicts to resolve" if file.conflicts else "")
        )
    for path in merged.published(there, fields, ROOT):
        print(f"  {path}: not changed; docs/how-to-add-a-field.md describes the next steps")
    if names := merged.renumbered(there.fields, fields):
        print(
            f"  {', '.join(names)}: removed, moved or of another type, so Protobuf numbers change;"
            " do this only before the first deployment, else add fields at the end"
        )
    if any(file.conflicts for file in files):
        sys.exit("Resolve the conflicts between <<<<<<< and >>>>>>>, then run `make gen`.")
    print("Merged. `git diff` shows the changes.")


def _write(aggregate: Aggregate) -> None:
    files = written.files(aggregate, ROOT)
    entries = registered.files(aggregate, ROOT)
    for path, text in (files | entries).items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, "utf-8")
    subprocess.run([sys.executable, ROOT / "schemas" / "generate.py"], check=True)
    _format(path for path in files | entries if path.suffix == ".py")
    _report(aggregate, files, entries)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="new-aggregate", description=__doc__)
    parser.add_argument("name", help="one word in the singular, such as order")
    parser.add_argument("fields", help="such as 'customer:text(100) total:integer'")
    parser.add_argument(
        "--plural", help="needed if the plural is not the name with -s, -es or -ies"
    )
    return parser


def _format(paths: Iterable[Path]) -> None:
    """Format the files: a longer or shorter name changes line breaks and the order of imports."""
    files = [str(ROOT / path) for path in paths]
    fixed = [str(RUFF), "check", "--quiet", "--select", "I", "--fix", *files]
    subprocess.run(fixed, cwd=ROOT, check=True)
    subprocess.run([str(RUFF), "format", "--quiet", *files], cwd=ROOT, check=True)


def _report(aggregate: Aggregate, files: Iterable[Path], entries: Iterable[Path]) -> None:
    print(f"Written for {aggregate.plural}: {len(list(files))} files, and entries in")
    for path in entries:
        print(f"  {path}")
    for program, ports in aggregate.ports.items():
        print(f"{program}: " + ", ".join(f"{purpose} {port}" for purpose, port in ports.items()))


if __name__ == "__main__":
    main()
