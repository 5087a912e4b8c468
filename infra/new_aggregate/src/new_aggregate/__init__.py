"""Generator of a new aggregate, modelled on users: `make new-aggregate NAME=… FIELDS=…`."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).parents[4]
TEMPLATES = Path(__file__).parents[2] / "template"
FRAGMENTS = Path(__file__).parents[2] / "fragments"

RESERVED = Path(__file__).parents[2] / "reserved"


class Refused(Exception):
    """The arguments are invalid: the message lists every mistake, and no file is written."""


def texts_of(folder: Path) -> Environment:
    """Return a folder's templates: a line with only a tag is removed, an undefined name raises."""
    return Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - no HTML is made
    )


def reserved(kind: str) -> frozenset[str]:
    """Return the reserved words of reserved/<kind>.txt."""
    lines = (RESERVED / f"{kind}.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if line[:1] != "#" for word in line.split())
