"""Conformance suites of event stores, which an adapter's test module imports.

from eventstore.conformance.events import *
from eventstore.conformance.results import *

@pytest.fixture
def store(): ...  # an EventStore
@pytest.fixture
def events(): ...  # see eventstore.conformance.samples.Samples
"""
