"""From an event to a change of a view in Redis: the very bytes that both APIs send. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from projections.events import Read, decoded
from projections.redis.change import RedisChange


def projection(
    read: Read, answer: Callable[..., msgspec.Struct], message: Callable[..., bytes]
) -> Callable[[Mapping[str, Any]], RedisChange]:
    """The projection of an aggregate's records; it raises Undecodable for an invalid event.

    answer: makes what the HTTP API sends of the id, the fields, created_at and the version;
    message: makes the message of the gRPC API of the answer's fields by name.
    """

    def project(record: Mapping[str, Any]) -> RedisChange:
        event = decoded(read, record)
        if event.fields is None:
            return RedisChange(event.key, event.version, event.occurred_at, None, None)
        answered = answer(event.key, *event.fields, event.created_at, event.version)
        json, proto = msgspec.json.encode(answered), message(**msgspec.structs.asdict(answered))
        return RedisChange(event.key, event.version, event.occurred_at, json, proto)

    return project
