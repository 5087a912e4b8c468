"""The operator's command `verify`: is the view what the event store says, for every key."""

import argparse
import asyncio
import time
from collections import Counter
from typing import Any

from chassis.printable import printable
from projections.spec import ProjectorSpec
from projections.verification.drift import Drift, Kind
from projections.verification.verification import Tally, Verification

DRIFT = 3
"""The exit code when drift remains."""
PATIENCE = 30.0  # seconds; the alerts speak long before an event is so late
RATE = 20_000  # keys a second
TELL = 5.0  # seconds between two lines about how far it is
SHOWN = 100  # findings printed; all are counted


def add_commands(commands: Any, add: Any) -> None:
    """Let the parser know it."""
    text = f"compare the view with the event store, every key; exit code {DRIFT}: drift remains"
    verify = add(commands, "verify", _verify, text)
    verify.add_argument("--repair", action="store_true", help="put right what differs")
    verify.add_argument("--generation", help="not the one that serves, but this one")
    verify.add_argument("--after", default="", metavar="ID", help="go on after this id")
    verify.add_argument(
        "--rate", type=_positive, default=RATE, help="keys a second at most (%(default)s)"
    )
    verify.add_argument(
        "--patience",
        type=_positive,
        default=PATIENCE,
        metavar="SECONDS",
        help="how late an event may be before it is missed (%(default)s)",
    )


def _positive(text: str) -> float:
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError("must be above 0")
    return number


async def _verify(projection: ProjectorSpec, wanted: argparse.Namespace) -> int:
    generation = wanted.generation or (await projection.generations.state()).serving
    findings = _Findings()
    print(f"comparing generation {generation} with the event store", flush=True)
    async with projection.compared(generation) as compared:
        verification = Verification(
            compared, findings.tell, patience=wanted.patience, repair=wanted.repair
        )
        try:
            await _run(verification, wanted, projection.plural)
        except BaseException:
            print(f"not finished; go on with --after {verification.position or repr('')}")
            raise
    print(f"generation {generation}: {_sum(verification.tally, projection.plural, wanted)}")
    return DRIFT if verification.tally.remaining else 0


async def _run(verification: "Verification[Any]", wanted: argparse.Namespace, plural: str) -> None:
    began = told_at = time.monotonic()
    async for _ in verification.run(wanted.after):
        now, keys = time.monotonic(), verification.tally.keys
        if now - told_at > TELL:
            rate = keys / (now - began)
            print(
                f"{keys:,} {plural}, {rate:,.0f} a second, until {verification.position}",
                flush=True,
            )
            told_at = now
        await asyncio.sleep(max(0.0, keys / wanted.rate - (now - began)))


class _Findings:
    """Prints the first ones: a view that lost everything differs a million times."""

    def __init__(self) -> None:
        self._count = 0

    def tell(self, what: str, drift: Drift) -> None:
        self._count += 1
        if self._count <= SHOWN:
            versions = f"event store {drift.truth or '-'}, view {drift.view or '-'}"
            print(f"{what}: {drift.kind} {printable(drift.key)} ({versions})", flush=True)
        elif self._count == SHOWN + 1:
            print("more are counted, not shown", flush=True)


def _sum(tally: Tally, plural: str, wanted: argparse.Namespace) -> str:
    told = f"{tally.keys:,} {plural}; drift: {_counted(tally.found)}"
    if not wanted.repair:
        return told
    return f"{told}; repaired: {_counted(tally.healed)}; remaining: {tally.remaining}"


def _counted(kinds: Counter[Kind]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) or "none"
