"""Operator commands, run beside the supervisor."""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence

from chassis.observability import telemetry
from chassis.problems import Unavailable
from chassis.process.interrupts import cancellable, interruptible
from chassis.process.settings import load
from chassis.stores.errors.failure import StoreError
from chassis.stores.kafka import brokers
from connector_supervisor.kafka_connect import Connector
from connector_supervisor.kafka_replay import Source, replay
from connector_supervisor.resnapshot import resnapshot
from connector_supervisor.settings import Settings
from connector_supervisor.wiring import connected

NAME = "connector-supervisor"


def operate(arguments: Sequence[str]) -> None:
    """Run the command that the arguments name, and exit.

    Codes: 0 success, 1 failure, 2 usage error, 130 and 143 interrupted by SIGINT and SIGTERM.
    """
    run: Callable[[Settings], Awaitable[None]] = _parser().parse_args(arguments).run
    settings = load(Settings)
    telemetry.configure_logs(NAME, "critical")  # output is printed
    try:
        with interruptible():
            asyncio.run(cancellable(run(settings)))
    except Unavailable as problem:
        sys.exit(f"{NAME}: {problem.detail}")
    except StoreError as error:
        sys.exit(f"{NAME}: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=NAME, description="Without arguments: keep the connector configured and running."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (run, text) in COMMANDS.items():
        commands.add_parser(name, help=text, description=text).set_defaults(run=run)
    return parser


async def _replay(settings: Settings) -> None:
    async with connected(settings) as (connector, config):
        await _must_run(connector)
        began = time.monotonic()

        def rate(records: int) -> str:
            return f"{records:,} records, {records / (time.monotonic() - began):,.0f} a second"

        def report(records: int) -> None:
            print(rate(records), flush=True)

        records = await replay(brokers(settings), Source.of(config), report)
        print(f"Replayed {rate(records)}; the projectors' `status` shows when the views have them.")


async def _resnapshot(settings: Settings) -> None:
    async with connected(settings) as (connector, _):

        def report(step: str) -> None:
            print(step, flush=True)

        await resnapshot(connector, report)
    print(
        "The snapshot is being published; the projectors' `status` reports when the views have it."
        " Then run their `verify --repair`: rows that were published wrong have the same versions."
    )


async def _must_run(connector: Connector) -> None:
    """Raise Unavailable with the reason unless the connector and its tasks run."""
    parts = await connector.parts()
    if not parts:
        raise Unavailable("there is no connector, or it has no task yet")
    if stopped := [str(part) for part in parts if part.state != "RUNNING"]:
        raise Unavailable("; ".join(stopped))


COMMANDS = {
    "replay": (
        _replay,
        "publish every event in MySQL again, and wait until all are published",
    ),
    "resnapshot": (
        _resnapshot,
        "reset the connector's offset, and publish every event from a snapshot",
    ),
}
