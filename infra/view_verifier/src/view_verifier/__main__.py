"""Entry point: `view-verifier VIEW`, where VIEW names the projector that writes the view."""

import argparse

from chassis.process.settings import load
from projections.cli.command import run_command
from projections.cli.verify import DRIFT, add_arguments, verify
from view_verifier.settings import Settings
from view_verifier.views import VIEWS
from view_verifier.wiring import wire

PROGRAM = "view-verifier"


def main() -> None:
    """Verify the view that the arguments name, and exit.

    Codes: 0 no drift, 1 failure, 2 usage error, 3 drift remains, 130 and 143 interrupted by SIGINT
    and SIGTERM.
    """
    wanted = parser().parse_args()
    settings = load(Settings)
    run_command(PROGRAM, run(wanted, settings))


def parser() -> argparse.ArgumentParser:
    text = f"Compare every key of a view with the event store; exit code {DRIFT}: drift remains."
    own = argparse.ArgumentParser(prog=PROGRAM, description=text)
    own.add_argument("view", choices=VIEWS, help="projector that writes the view")
    add_arguments(own)
    return own


async def run(wanted: argparse.Namespace, settings: Settings) -> int:
    async with wire(VIEWS[wanted.view], settings) as view:
        return await verify(view, wanted)


if __name__ == "__main__":
    main()
