"""The local stack of the tests. Each of pytest-xdist's workers has its own, beside the others'."""

import os

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
NAME = f"test-{WORKER + 1}" if WORKER else "test"
PORT_OFFSET = 10_000 + 1_000 * WORKER
OTLP_PORT = 4318 + PORT_OFFSET
"""Where the test of tracing listens for spans; for all others it is an exporter that is away."""
