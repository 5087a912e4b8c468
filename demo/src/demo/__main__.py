"""All three APIs on memory: `make demo`."""

from chassis.lifecycle import launch
from demo.settings import Settings
from demo.wiring import wire


def main() -> None:
    """Say what to try, then serve until Ctrl-C."""
    print(  # noqa: T201 - a command's answer
        "Everything is in memory and gone at the end. Try:\n"
        "  curl -i localhost:3000/user -H 'Content-Type: application/json'"
        ' -d \'{"first_name": "Zoë", "last_name": "Žižek"}\'\n'
        "  curl -i localhost:3001/user\n"
        "  curl -i localhost:3002/user/search/zizek\n"
        "In a browser: localhost:3000/docs, localhost:3001/docs, localhost:3002/docs\n"
        "gRPC with reflection: ports 1234, 1235, 1236. Metrics: localhost:9000/metrics\n",
        flush=True,
    )
    launch("demo", Settings, wire)


if __name__ == "__main__":
    main()
