"""Writes a new aggregate in the image of users: `make new-aggregate NAME=… FIELDS=…`."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).parents[4]
TEMPLATES = Path(__file__).parents[2] / "template"
FRAGMENTS = Path(__file__).parents[2] / "fragments"

RESERVED = Path(__file__).parents[2] / "reserved"


class Refused(Exception):
    """Nothing is written; the message says all that is wrong with what was asked for."""


def texts_of(folder: Path) -> Environment:
    """The templates of a folder: a line that is a tag leaves nothing, a missing name raises."""
    return Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - no HTML is made
    )


def reserved(kind: str) -> frozenset[str]:
    """The words that nothing new may be called: of the file reserved/<kind>.txt."""
    lines = (RESERVED / f"{kind}.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if line[:1] != "#" for word in line.split())
