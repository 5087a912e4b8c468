"""Messages of protobuf as bytes, by Google's C code: 2 µs for a user, where betterproto takes 30.

For a program that writes many and has no use for classes; the APIs use betterproto's.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

EPOCH, SECOND = datetime.fromtimestamp(0, UTC), timedelta(seconds=1)
Encoder = Callable[..., bytes]
"""Fields of a message by name → its bytes; created_at has its time zone."""


def encoder(descriptors: Callable[[], bytes], name: str) -> Encoder:
    """The encoder of the message of this name, such as user.v1.User."""

    @cache
    def message() -> Any:
        pool = DescriptorPool()
        for file in FileDescriptorSet.FromString(descriptors()).file:
            pool.Add(file)
        return GetMessageClass(pool.FindMessageTypeByName(name))

    def encode(created_at: datetime, **fields: str | int) -> bytes:
        since = created_at - EPOCH
        moment = {"seconds": since // SECOND, "nanos": since.microseconds * 1000}
        content: bytes = message()(created_at=moment, **fields).SerializeToString()
        return content

    return encode
