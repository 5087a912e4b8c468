"""What every event store promises, for an aggregate that is no user."""

from eventstore.conformance.events import *
from eventstore.conformance.results import *
