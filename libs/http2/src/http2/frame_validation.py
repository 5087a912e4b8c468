"""Stateless validation of a client's frames: RFC 9113, section 6."""

from collections.abc import Iterator

from h2.exceptions import FlowControlError, FrameTooLargeError, ProtocolError
from h2.settings import SettingCodes

from http2 import frames
from http2.frames import NUMBER, SETTING, Frame

LARGEST_WINDOW = LARGEST_STREAM = 2**31 - 1
LARGEST_FRAME = 2**24 - 1
PRIORITY_SIZE = 5
SIZES = {frames.PRIORITY: PRIORITY_SIZE, frames.RST_STREAM: 4, frames.PING: 8}
SIZES |= {frames.WINDOW_UPDATE: 4}  # bytes of payload
OF_A_STREAM = {frames.DATA, frames.HEADERS, frames.PRIORITY, frames.RST_STREAM, frames.CONTINUATION}
OF_THE_CONNECTION = {frames.SETTINGS, frames.PING, frames.GOAWAY}


def check(frame: Frame) -> None:
    """Raise ProtocolError or FrameTooLargeError for an invalid frame of a client."""
    kind, _, stream, payload = frame
    if kind == frames.PUSH_PROMISE:
        raise ProtocolError("a client must not send PUSH_PROMISE")
    if kind in (OF_THE_CONNECTION if stream else OF_A_STREAM):
        raise ProtocolError("frame type not allowed on this stream")
    if len(payload) != SIZES.get(kind, len(payload)):
        raise FrameTooLargeError("wrong frame size")
    if kind == frames.PRIORITY:
        _check_dependency(stream, payload)


def settings(payload: bytes) -> Iterator[tuple[int, int]]:
    """Yield the codes and values; raises ProtocolError, FlowControlError for an invalid one."""
    if len(payload) % SETTING.size:
        raise FrameTooLargeError("truncated setting")
    for code, value in SETTING.iter_unpack(payload):
        if code == SettingCodes.ENABLE_PUSH and value > 1:
            raise ProtocolError("ENABLE_PUSH must be 0 or 1")
        if code == SettingCodes.INITIAL_WINDOW_SIZE and value > LARGEST_WINDOW:
            raise FlowControlError("flow-control window exceeds its limit")
        if code == SettingCodes.MAX_FRAME_SIZE and not frames.MAX_PAYLOAD <= value <= LARGEST_FRAME:
            raise ProtocolError("invalid MAX_FRAME_SIZE")
        yield code, value


def header_fragment(frame: Frame) -> bytes:
    """Return the header block fragment of a HEADERS frame; raises as check() does."""
    payload = frames.unpadded(frame.flags, frame.payload)
    if not frame.flags & frames.HAS_PRIORITY:
        return payload
    _check_dependency(frame.stream, payload)
    return payload[PRIORITY_SIZE:]


def _check_dependency(stream: int, priority: bytes) -> None:
    if len(priority) < PRIORITY_SIZE:
        raise FrameTooLargeError("truncated priority")
    if NUMBER.unpack_from(priority)[0] & LARGEST_STREAM == stream:
        raise ProtocolError("a stream must not depend on itself")
