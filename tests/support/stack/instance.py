"""Name of the tests' local stack. Each of pytest-xdist's workers has its own."""

import os

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
NAME = f"test-{WORKER + 1}" if WORKER else "test"
PORT_OFFSET = 10_000 + 1_000 * WORKER
OTLP_PORT = 4318 + PORT_OFFSET
"""Port where the tracing test receives spans; for all others the exporter is unavailable."""
