"""What every event store promises, for an aggregate that is no user."""

from eventstore.conformance.events import *  # noqa: F403 - fixtures: see conftest.py
from eventstore.conformance.results import *  # noqa: F403
