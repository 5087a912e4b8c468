"""Table of outcomes at the end of a run: a line for each fault."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

HEAD = (
    "fault",
    "writes",
    "acknowledged",
    "rejected",
    "unknown",
    "lost",
    "duplicated",
    "repeated on the topic",
    "reads",
    "healed after",
)


@dataclass(frozen=True, slots=True)
class Line:
    """Numbers of requests by outcome; `unknown`: the first attempt had no response."""

    fault: str
    writes: int
    acknowledged: int
    rejected: int
    unknown: int
    lost: int
    duplicated: int
    repeated: int
    reads: int
    healed_after: str


def table(lines: Sequence[Line]) -> str:
    """Return the lines as Markdown, aligned so that it is readable on a terminal, too."""
    cells = [HEAD, *(tuple(str(cell) for cell in astuple(line)) for line in lines)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEAD))]
    ruled = [cells[0], tuple("-" * width for width in widths), *cells[1:]]
    return "".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        + " |\n"
        for row in ruled
    )
