"""Scaling: more processes of each kind, and the cost of changing their number.

After `make up` and `make seed`. Ten minutes; Redis is emptied, and filled again from the topic.
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from chassis.process.interrupts import interruptible
from loadtest import rebalancing, report, scaling_apis, scaling_projectors
from local_stack.addresses import load


@interruptible()
def main() -> None:
    """Measure, print, and save the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of each round")
    parser.add_argument("--instance", default="dev")
    wanted = parser.parse_args()
    stack, now = load(wanted.instance), datetime.now(UTC)
    apis = scaling_apis.measure_all(stack, wanted.rounds, wanted.seconds)
    moves = uvloop.run(rebalancing.measure_all(stack))  # first: the other one leaves a backlog
    projectors = uvloop.run(scaling_projectors.measure_all(stack, wanted.events))
    lines = [
        report.heading("More processes", now),
        "",
        f"## APIs behind HAProxy, {scaling_apis.CALLERS} callers",
        "",
        *scaling_apis.HEADER,
        *map(str, apis),
        "",
        "## redis-projector, five events a user, on an empty Redis",
        "",
        *scaling_projectors.HEADER,
        *map(str, projectors),
        "",
        "## Rebalances at 1,000 events a second",
        "",
        *rebalancing.HEADER,
        *moves,
        "",
    ]
    text = "\n".join(lines)
    print(text)
    (Path(__file__).parent / "results" / f"scaling-{now:%Y-%m-%d}.md").write_text(text)


if __name__ == "__main__":
    main()
