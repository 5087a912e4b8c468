"""Messages of gRPC: bytes ↔ betterproto, and protobuf's own of health and reflection."""

from typing import Any

from betterproto import Message
from grpclib.encoding.base import CodecBase

from chassis import problems


class Codec(CodecBase):
    """betterproto messages; an answer that is bytes already goes out as it is."""

    __content_subtype__ = "proto"

    def encode(self, message: Any, message_type: Any) -> bytes:
        return message if isinstance(message, bytes) else _serialized(message)

    def decode(self, data: bytes, message_type: Any) -> Any:
        try:
            return message_type.FromString(data)
        except Exception as error:  # a parser of foreign bytes: it may raise anything
            raise problems.Invalid(f"the message is not a {message_type.__name__}") from error


def _serialized(message: Any) -> bytes:
    # health and reflection bring protobuf's own messages
    return bytes(message) if isinstance(message, Message) else message.SerializeToString()
