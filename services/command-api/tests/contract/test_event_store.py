"""What every event store promises, for users: in memory, and in MySQL with command-api's rights."""

import pytest
import user_events

from eventstore.conformance.events import *  # noqa: F403 - the stores: see conftest.py
from eventstore.conformance.results import *  # noqa: F403
from eventstore.conformance.samples import Samples


@pytest.fixture
def events() -> Samples:
    return user_events
