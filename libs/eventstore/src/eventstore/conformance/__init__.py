"""What every event store promises, as tests that an adapter's own test module imports.

from eventstore.conformance.events import *
from eventstore.conformance.results import *

@pytest.fixture
def store(): ...  # an EventStore
@pytest.fixture
def events(): ...  # see eventstore.conformance.samples.Samples
"""
