"""The command `verify`: its arguments, progress and report."""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from chassis.printable import printable
from projections.generations import Generations
from projections.verification.drift import Compared, Drift, DriftKind
from projections.verification.verification import Tally, Verification

DRIFT = 3
"""The exit code when drift remains."""
MAX_LAG = 30.0  # seconds; alerts fire long before an event is so late
RATE = 20_000  # keys a second
REPORT_EVERY = 5.0  # seconds between two lines of progress
SHOWN = 100  # printed findings; all are counted


@dataclass(frozen=True, slots=True)
class VerifiedView:
    """A view in its store, and the event store."""

    plural: str
    """The plural of the aggregate for the output, such as users."""
    generations: Generations[Any]
    compared: Callable[[str], AbstractAsyncContextManager[Compared[Any]]]
    """Open the comparison of a generation with the events."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `verify`."""
    parser.add_argument("--repair", action="store_true", help="repair what differs")
    parser.add_argument("--generation", help="generation to verify (default: the serving one)")
    parser.add_argument("--after", default="", metavar="ID", help="resume after this id")
    parser.add_argument(
        "--rate", type=_positive, default=RATE, help="maximum keys per second (%(default)s)"
    )
    parser.add_argument(
        "--patience",
        type=_positive,
        default=MAX_LAG,
        metavar="SECONDS",
        help="seconds for an event to reach the view (%(default)s)",
    )


def _positive(text: str) -> float:
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError("must be greater than 0")
    return number


async def verify(view: VerifiedView, wanted: argparse.Namespace) -> int:
    """Compare every key, print what differs, and return the exit code: 0, or DRIFT.

    Raises Unavailable when a store stays unavailable, and StoreError for a permanent failure.
    """
    generation = wanted.generation or (await view.generations.state()).serving
    findings = _Findings()
    print(f"comparing generation {generation} with the event store", flush=True)
    async with view.compared(generation) as compared:
        verification = Verification(
            compared, findings.report, patience=wanted.patience, repair=wanted.repair
        )
        try:
            await _run(verification, wanted, view.plural)
        except BaseException:
            print(f"not finished; resume with --after {verification.position or repr('')}")
            raise
    print(f"generation {generation}: {_sum(verification.tally, view.plural, wanted)}")
    return DRIFT if verification.tally.remaining else 0


async def _run(verification: "Verification[Any]", wanted: argparse.Namespace, plural: str) -> None:
    began = reported_at = time.monotonic()
    async for _ in verification.run(wanted.after):
        now, keys = time.monotonic(), verification.tally.keys
        if now - reported_at > REPORT_EVERY:
            rate = keys / (now - began)
            print(
                f"{keys:,} {plural}, {rate:,.0f} per second, up to {verification.position}",
                flush=True,
            )
            reported_at = now
        await asyncio.sleep(max(0.0, keys / wanted.rate - (now - began)))


class _Findings:
    """Prints the first findings: a view that lost all data differs a million times."""

    def __init__(self) -> None:
        self._count = 0

    def report(self, what: str, drift: Drift) -> None:
        self._count += 1
        if self._count <= SHOWN:
            versions = f"event store {drift.event_store or '-'}, view {drift.view or '-'}"
            print(f"{what}: {drift.kind} {printable(drift.key)} ({versions})", flush=True)
        elif self._count == SHOWN + 1:
            print("further differences are counted but not printed", flush=True)


def _sum(tally: Tally, plural: str, wanted: argparse.Namespace) -> str:
    text = f"{tally.keys:,} {plural}; drift: {_counted(tally.found)}"
    if not wanted.repair:
        return text
    return f"{text}; repaired: {_counted(tally.healed)}; remaining: {tally.remaining}"


def _counted(kinds: Counter[DriftKind]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) or "none"
