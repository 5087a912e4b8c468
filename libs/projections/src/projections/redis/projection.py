"""From an event to a change of a view in Redis: the very bytes that both APIs send. Pure."""

from collections.abc import Callable
from functools import partial

import msgspec

from projections.events import Read, StateEvent, decoded
from projections.ports import Projection
from projections.redis.change import RedisChange


def projection(
    read: Read, answer: Callable[..., msgspec.Struct], message: Callable[..., bytes]
) -> Projection[StateEvent, RedisChange]:
    """The projection of an aggregate's records.

    answer: makes what the HTTP API sends of the id, the fields, created_at and the version;
    message: makes the message of the gRPC API of the answer's fields by name.
    """

    def change(event: StateEvent) -> RedisChange:
        if event.fields is None:
            return RedisChange(event.key, event.version, event.occurred_at, None, None)
        answered = answer(event.key, *event.fields, event.created_at, event.version)
        json, proto = msgspec.json.encode(answered), message(**msgspec.structs.asdict(answered))
        return RedisChange(event.key, event.version, event.occurred_at, json, proto)

    return Projection(partial(decoded, read), change)
