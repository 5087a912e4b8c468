"""Run the servers and services as plain processes on this machine: local-stack COMMAND."""

import argparse
import os
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType

from local_stack import (
    StackError,
    addresses,
    backup,
    control,
    kafka_tools,
    output,
    stack,
    supervisor,
)
from local_stack.browser import browser
from local_stack.layout import Instance, cache

INTERRUPTED = 130
FORM = {
    "brokers": "Kafka brokers",
    "redis_masters": "Redis masters; 3: a Redis Cluster with a replica for each",
    "opensearch_nodes": "OpenSearch nodes",
}


def main() -> None:
    arguments = parser().parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    socket.setdefaulttimeout(60)  # supervisor's XML-RPC client sets no timeout
    try:
        given = {name: vars(arguments).get(name) for name in FORM}
        form = {name: count for name, count in given.items() if count is not None}
        instance = addresses.recorded(arguments.instance, arguments.port_offset, form)
        arguments.run(instance, arguments)
    except StackError as error:
        output.errors.print(error, markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        output.errors.print("Interrupted; every program that this run started was stopped.")
        sys.exit(INTERRUPTED)


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt once; the cleanup that follows is bounded and not interruptible."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--instance", default="dev", help="name of the stack (default: dev)")
    common.add_argument(
        "--port-offset", type=int, help="number added to every port (default: last used, or 0)"
    )
    commands = argparse.ArgumentParser(prog="local-stack", description=__doc__)
    sub = commands.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in (
        ("up", up, "start servers, set-up jobs and the five services"),
        ("infra", infra, "start servers and set-up jobs, to run a service from an editor"),
        ("down", down, "stop everything; keep the data"),
        ("clean", clean, "stop everything and remove its data"),
        ("status", status, "show each program, its health and its memory"),
        ("logs", logs, "follow the log of a program"),
        ("kafka", kafka, "run a Kafka command-line tool: local-stack kafka topics --list"),
        ("backup", save, "save all events to a file"),
        (
            "restore",
            restore,
            "restore a lost event store from a backup and the events published since",
        ),
        ("provision", provision, "download the servers only"),
    ):
        command = sub.add_parser(name, parents=[common], help=text, description=text)
        command.set_defaults(run=run)
        if name in {"up", "infra"}:
            add_form(command)
        if name == "logs":
            command.add_argument("name", nargs="?", default="", help="name of a program or a job")
            command.add_argument("--lines", type=int, default=50, help="lines to show first")
        if name in {"backup", "restore"}:
            command.add_argument("file", type=Path)
        if name == "restore":
            command.add_argument("--lost-at", help="when MySQL was lost, e.g. 2026-11-29T12:00:00Z")
        if name == "provision":
            command.add_argument("--browser", action="store_true", help="include the test browser")
        if name == "kafka":
            command.add_argument("tool", help=", ".join(kafka_tools.TOOLS))
            command.add_argument("options", nargs=argparse.REMAINDER, help="options of the tool")
    return commands


def add_form(command: argparse.ArgumentParser) -> None:
    for name, text in FORM.items():
        option = f"--{name.replace('_', '-')}"
        command.add_argument(
            option, type=int, choices=(1, 3), help=f"{text} (default: last used, or 1)"
        )


def up(instance: Instance, _arguments: argparse.Namespace) -> None:
    began = time.monotonic()
    found = stack.up(instance, with_services=True)
    output.show_addresses(found, (*addresses.SERVICES, addresses.CONSOLE, *addresses.MORE_SERVICES))
    output.show_trials(found)
    output.console.print(f"\nUp after {time.monotonic() - began:.0f} s.")


def infra(instance: Instance, _arguments: argparse.Namespace) -> None:
    began = time.monotonic()
    found = stack.up(instance, with_services=False)
    output.show_addresses(found, ())
    output.console.print(
        f"\nServers up after {time.monotonic() - began:.0f} s. "
        f"To run a service from an editor or a shell, use the settings in {found.home}/env/, e.g.\n"
        f"  env $(cat {found.home}/env/query-api.env) {supervisor.BIN}/query-api"
    )


def down(instance: Instance, _arguments: argparse.Namespace) -> None:
    stack.down(instance)
    output.console.print(f"Stopped instance {instance.name!r}; its data is in {instance.home}.")


def clean(instance: Instance, _arguments: argparse.Namespace) -> None:
    stack.clean(instance)
    output.console.print(f"Removed {instance.home}; downloads stay in {cache()}.")


def status(instance: Instance, _arguments: argparse.Namespace) -> None:
    states = control.states(instance)
    output.show_states(states.values(), stack.health_of_all(instance))


def logs(instance: Instance, arguments: argparse.Namespace) -> None:
    names = stack.logs(instance)
    if arguments.name not in names:
        known = ", ".join(names) or "none yet"
        missing = f"no log of {arguments.name!r}" if arguments.name else "no program named"
        raise StackError(f"{missing}; logs exist for: {known}")
    lines, log = str(arguments.lines), str(instance.log(arguments.name))
    os.execvp("tail", ["tail", "-n", lines, "-F", log])  # noqa: S606  no shell is wanted


def kafka(instance: Instance, arguments: argparse.Namespace) -> None:
    found = addresses.load(instance.name)
    kafka_tools.run(stack.fetch(), found, arguments.tool, arguments.options)


def save(instance: Instance, arguments: argparse.Namespace) -> None:
    began = time.monotonic()
    backup.save(stack.fetch(), addresses.load(instance.name), arguments.file)
    size = arguments.file.stat().st_size / 1e6
    seconds = time.monotonic() - began
    output.console.print(f"{arguments.file}: {size:,.0f} MB in {seconds:.0f} s.")


def restore(instance: Instance, arguments: argparse.Namespace) -> None:
    began = time.monotonic()
    lost_at = ["--lost-at", arguments.lost_at] if arguments.lost_at else []
    report = backup.restore(addresses.load(instance.name), arguments.file, *lost_at)
    output.console.print(report, markup=False, end="")
    seconds = time.monotonic() - began
    output.console.print(f"Restored in {seconds:.0f} s; `make status` shows both views catch up.")


def provision(_instance: Instance, arguments: argparse.Namespace) -> None:
    stack.fetch()
    if arguments.browser:
        browser(cache())
    output.console.print(f"All downloads are in {cache()}.")


if __name__ == "__main__":
    main()
