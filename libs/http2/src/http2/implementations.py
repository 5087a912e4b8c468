"""The two implementations of a server's connection: our own, and h2 with the same limits."""

from collections.abc import Mapping

from http2.connection import Http2Connection
from http2.on_h2 import H2BoundedConnection

Http2 = Http2Connection | H2BoundedConnection
HTTP2: Mapping[str, type[Http2]] = {"own": Http2Connection, "h2": H2BoundedConnection}
"""By the value of the setting HTTP2 (decision 0049)."""
