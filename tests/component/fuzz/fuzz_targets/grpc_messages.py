"""Protobuf messages: decoding yields a request or Invalid, and requests round-trip."""

from collections.abc import Iterator

from betterproto import Message

from chassis.grpc.codec import Codec
from chassis.problems import Invalid
from user_contracts.proto.user import v1

REQUESTS: list[type[Message]] = [
    v1.CreateRequest,
    v1.RenameRequest,
    v1.DeleteRequest,
    v1.HistoryRequest,
    v1.GetRequest,
    v1.ListRequest,
    v1.SearchRequest,
]
GROWTH = 4  # bytes encoded for each decoded one, and


def run(data: bytes) -> None:
    """Decode the input; raise AssertionError for a find."""
    for kind in REQUESTS:
        _read(data, kind)


def _read(data: bytes, kind: type[Message]) -> None:
    codec = Codec()
    try:
        found = codec.decode(data, kind)
    except Invalid:
        return
    again = codec.encode(found, kind)
    assert codec.decode(again, kind) == found, f"{kind.__name__} does not round-trip"


def seeds() -> dict[str, bytes]:
    """Return one message of each kind."""
    return {type(one).__name__: bytes(one) for one in _samples()}


def _samples() -> Iterator[Message]:
    some = "01890000-0000-7000-8000-000000000001"
    yield v1.CreateRequest(first_name="Ann", last_name="Lee")
    yield v1.RenameRequest(id=some, first_name="Zoë", expected_version=2**31)
    yield v1.DeleteRequest(id=some, expected_version=1)
    yield v1.HistoryRequest(id=some, limit=100, cursor="MQ")
    yield v1.GetRequest(id=some, min_version=1)
    yield v1.ListRequest(limit=100, cursor="IjEi")
    yield v1.SearchRequest()
