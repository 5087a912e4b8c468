"""Projection: a pure function from an event to a change of the view."""

from datetime import datetime

import msgspec

from contracts.messages import encoder
from projections.redis.projection import projection
from user_contracts import descriptors, user_event


class Answer(msgspec.Struct):
    """A user as the HTTP API sends it."""

    id: str
    first_name: str
    last_name: str
    created_at: datetime
    version: int


message = encoder(descriptors, "user.v1.User")
project = projection(user_event.read, Answer, message)
