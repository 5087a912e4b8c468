"""One-shot jobs that set up servers, and restore the event store: platform-setup JOB."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from chassis.process.interrupts import interruptible
from platform_setup import SetupError, mysql_users, schema_rule, topics
from platform_setup.recovery import ledger_writer, restore
from platform_setup.waiting import TIMEOUT, until_available

JOBS = {
    "mysql-users": mysql_users.run,
    "topics": topics.run,
    "schema-rule": schema_rule.run,
}
HELP = {
    "mysql-users": "create MySQL's database and users, and set their passwords",
    "topics": "create missing topics in Kafka, and update their settings",
    "schema-rule": "set the compatibility rule in the schema registry",
    "all": "run the three jobs above",
}


@interruptible()
def main() -> None:
    arguments = parser().parse_args()
    try:
        arguments.run(arguments)
    except SetupError as error:
        sys.exit(f"platform-setup {arguments.job}: {error}")


def parser() -> argparse.ArgumentParser:
    commands = argparse.ArgumentParser(prog="platform-setup", description=__doc__)
    jobs = commands.add_subparsers(dest="job", required=True, metavar="JOB")
    for name, text in HELP.items():
        one = jobs.add_parser(name, help=text, description=text)
        may_wait(one).set_defaults(run=make_ready)
    text = "restore a lost event store from a dump, completed from the topic"
    one = jobs.add_parser("restore", help=text, description=text)
    one.add_argument("dump", help="mysqldump's output file; -: standard input")
    one.add_argument(
        "--erased",
        action="append",
        default=[],
        type=Path,
        help="ledger of erasures; may be repeated",
    )
    one.add_argument(
        "--lost-at", type=moment, help="when MySQL was lost, e.g. 2026-11-29T12:00:00Z"
    )
    one.set_defaults(run=restored)
    text = "add the ids of erased keys to the ledger of erasures"
    one = jobs.add_parser("erasures", help=text, description=text)
    one.add_argument("--follow", action="store_true", help="continue until SIGTERM")
    may_wait(one).set_defaults(run=ledger)
    return commands


def may_wait(job: argparse.ArgumentParser) -> argparse.ArgumentParser:
    job.add_argument(
        "--wait",
        type=float,
        default=TIMEOUT,
        metavar="SECONDS",
        help="how long to wait for an unavailable server (default: %(default)g)",
    )
    return job


def make_ready(arguments: argparse.Namespace) -> None:
    for name in [*JOBS] if arguments.job == "all" else [arguments.job]:
        until_available(JOBS[name], arguments.wait)


def ledger(arguments: argparse.Namespace) -> None:
    until_available(lambda: ledger_writer.run(follow=arguments.follow), arguments.wait)


def restored(arguments: argparse.Namespace) -> None:
    with opened(arguments.dump) as dump:
        restore.run(restore.Options(dump, arguments.erased, arguments.lost_at))


def opened(dump: str) -> BinaryIO:
    """Open the dump; raise SetupError if it cannot be read."""
    try:
        return sys.stdin.buffer if dump == "-" else Path(dump).open("rb")
    except OSError as error:
        raise SetupError(f"{dump}: {error.strerror}") from error


def moment(text: str) -> datetime:
    """Parse a time, and return it in UTC without its zone, as the event store has it."""
    given = datetime.fromisoformat(text)
    if given.tzinfo is None:
        raise argparse.ArgumentTypeError("time zone missing, such as Z")
    return given.astimezone(UTC).replace(tzinfo=None)


if __name__ == "__main__":
    main()
