"""gRPC message codec: bytes ↔ betterproto, and protobuf's own messages of health and reflection."""

from typing import Any

from betterproto import Message
from grpclib.encoding.base import CodecBase

from chassis import problems


class Codec(CodecBase):
    """Encodes betterproto messages; a response that is already bytes is sent unchanged."""

    __content_subtype__ = "proto"

    def encode(self, message: Any, message_type: Any) -> bytes:
        return message if isinstance(message, bytes) else _serialized(message)

    def decode(self, data: bytes, message_type: Any) -> Any:
        try:
            return message_type.FromString(data)
        except Exception as error:  # a parser of untrusted bytes may raise anything
            raise problems.Invalid(f"the message is not a {message_type.__name__}") from error


def _serialized(message: Any) -> bytes:
    # health and reflection use protobuf's own messages
    return bytes(message) if isinstance(message, Message) else message.SerializeToString()
