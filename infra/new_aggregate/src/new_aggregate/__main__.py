"""Start here: `new-aggregate NAME FIELDS [--plural PLURAL]`, as `make new-aggregate` runs it."""

import argparse
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from new_aggregate import ROOT, Refused, registered, written
from new_aggregate.aggregate import Aggregate, asked_for

RUFF = Path(sys.executable).with_name("ruff")


def main() -> None:
    """All files or none: they are made in memory before the first is written."""
    wanted = _parser().parse_args()
    try:
        aggregate = asked_for(wanted.name, wanted.fields, wanted.plural or None, ROOT)
    except Refused as refusal:
        sys.exit(f"Nothing was written.\n{refusal}")
    files = written.files(aggregate, ROOT)
    entries = registered.files(aggregate, ROOT)
    for path, text in (files | entries).items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, "utf-8")
    subprocess.run([sys.executable, ROOT / "schemas" / "generate.py"], check=True)
    _format(path for path in files | entries if path.suffix == ".py")
    _tell(aggregate, files, entries)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="new-aggregate", description=__doc__)
    parser.add_argument("name", help="one word in the singular, such as order")
    parser.add_argument("fields", help="such as 'customer:text(100) total:integer'")
    parser.add_argument("--plural", help="where it is not the name with an s, -es or -ies")
    return parser


def _format(paths: Iterable[Path]) -> None:
    """Longer or shorter words break lines elsewhere, and sort imports otherwise."""
    files = [str(ROOT / path) for path in paths]
    fixed = [str(RUFF), "check", "--quiet", "--select", "I", "--fix", *files]
    subprocess.run(fixed, cwd=ROOT, check=True)
    subprocess.run([str(RUFF), "format", "--quiet", *files], cwd=ROOT, check=True)


def _tell(aggregate: Aggregate, files: Iterable[Path], entries: Iterable[Path]) -> None:
    print(f"Written for {aggregate.plural}: {len(list(files))} files, and entries in")
    for path in entries:
        print(f"  {path}")
    for program, ports in aggregate.ports.items():
        print(f"{program}: " + ", ".join(f"{purpose} {port}" for purpose, port in ports.items()))


if __name__ == "__main__":
    main()
