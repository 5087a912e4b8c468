"""Conformance of the event stores, with an aggregate other than users."""

from eventstore.conformance.events import *
from eventstore.conformance.results import *
