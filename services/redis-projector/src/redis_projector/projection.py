"""Projection: a pure function from an event to a change of the view."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from projections.ports import Undecodable
from projections.redis.change import RedisChange
from user_contracts import messages, user_event


class Answer(msgspec.Struct):
    """A user as the HTTP API returns it."""

    id: str
    first_name: str
    last_name: str
    created_at: datetime
    version: int


def project(record: Mapping[str, Any]) -> RedisChange:
    """Return the change for a record of the topic; raises Undecodable for an invalid event."""
    try:
        event = user_event.read(record)
    except ValueError as error:
        raise Undecodable(f"invalid event: {error}") from error
    if event.names is None:
        return RedisChange(event.user_id, event.version, event.occurred_at, None, None)
    answer = Answer(event.user_id, *event.names, event.created_at, event.version)
    json, proto = msgspec.json.encode(answer), messages.user(**msgspec.structs.asdict(answer))
    return RedisChange(event.user_id, event.version, event.occurred_at, json, proto)
