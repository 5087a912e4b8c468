"""Errors of servers that are asked by HTTP alone: the schema registry, and the token issuer's keys.

Sources: RFC 9110 §15, https://www.python-httpx.org/exceptions/, and the registry's codes at
https://docs.confluent.io/platform/current/schema-registry/develop/api.html#errors.
"""

import httpx
from confluent_kafka.schema_registry.error import OAuthTokenError, SchemaRegistryError

from chassis.stores.errors.failure import Failure, network, permanent, transient

TRANSIENT_STATUS = frozenset({408, 425, 429, *range(500, 600)})
SCHEMA_NOT_FOUND = 40403
CLASSES: dict[type[Exception], bool] = {
    OAuthTokenError: False,  # the client's credentials; not used here
    httpx.HTTPError: False,
    httpx.RequestError: True,
    httpx.TransportError: True,
    httpx.TimeoutException: True,
    httpx.ConnectTimeout: True,
    httpx.ReadTimeout: True,
    httpx.WriteTimeout: True,
    httpx.PoolTimeout: True,
    httpx.NetworkError: True,
    httpx.ConnectError: True,
    httpx.ReadError: True,
    httpx.WriteError: True,
    httpx.CloseError: True,
    httpx.ProxyError: True,
    httpx.ProtocolError: True,
    httpx.RemoteProtocolError: True,
    httpx.LocalProtocolError: False,
    httpx.UnsupportedProtocol: False,  # the address in the configuration
    httpx.DecodingError: False,
    httpx.TooManyRedirects: False,
    httpx.HTTPStatusError: False,
    httpx.InvalidURL: False,
    httpx.CookieConflict: False,
    httpx.StreamError: False,
    httpx.RequestNotRead: False,
    httpx.ResponseNotRead: False,
    httpx.StreamClosed: False,
    httpx.StreamConsumed: False,
}
"""Whether errors of the class are transient; a class that is not listed is as its base is."""


def is_unknown_schema(error: Exception) -> bool:
    """Whether the registry itself says that no schema has the id; a proxy's 404 does not count."""
    return isinstance(error, SchemaRegistryError) and error.error_code == SCHEMA_NOT_FOUND


def classify(error: Exception) -> Failure | None:
    """What an error of the registry's client means, or one of the network below it."""
    if isinstance(error, SchemaRegistryError):
        status = error.http_status_code
        kind = transient if status in TRANSIENT_STATUS else permanent
        return kind(error, f"HTTP {status}, code {error.error_code}")
    if isinstance(error, tuple(CLASSES)):
        heals = next(CLASSES[base] for base in type(error).__mro__ if base in CLASSES)
        return (transient if heals else permanent)(error, str(error))
    return network(error) if isinstance(error, OSError | EOFError) else None
