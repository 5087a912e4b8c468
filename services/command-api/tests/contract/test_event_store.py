"""Conformance of the event stores with users: in memory, and in MySQL with command-api's rights."""

import pytest

from eventstore.conformance.events import *
from eventstore.conformance.results import *
from eventstore.conformance.samples import Samples
from tests.support.fakes import user_events


@pytest.fixture
def events() -> Samples:
    return user_events
