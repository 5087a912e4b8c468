"""Coverage of a program that a test starts with an environment of its own."""

import os

from local_stack.supervisor import COVERAGE

MEASURED = {name: os.environ[name] for name in COVERAGE if name in os.environ}
"""Environment variables by which coverage.py measures it; empty without coverage."""
