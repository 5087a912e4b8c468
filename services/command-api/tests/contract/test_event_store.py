"""What every event store promises, for users: in memory, and in MySQL with command-api's rights."""

from eventstore.conformance.events import *  # noqa: F403 - fixtures: see conftest.py
from eventstore.conformance.results import *  # noqa: F403
