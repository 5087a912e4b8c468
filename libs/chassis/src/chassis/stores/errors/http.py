"""Errors of servers called over HTTP: the schema registry, and the token issuer's keys.

The registry's client, confluent-kafka's, calls httpx2 and passes its network errors on.
Sources: RFC 9110 §15, https://github.com/pydantic/httpx2, and the registry's codes at
https://docs.confluent.io/platform/current/schema-registry/develop/api.html#errors.
"""

import httpx2
from confluent_kafka.schema_registry.error import OAuthTokenError, SchemaRegistryError

from chassis.stores.errors.failure import Failure, network, permanent, transient

TRANSIENT_STATUS = frozenset({408, 425, 429, *range(500, 600)})
SCHEMA_NOT_FOUND = 40403
CLASSES: dict[type[Exception], bool] = {
    OAuthTokenError: False,  # the client's credentials; not used here
    httpx2.HTTPError: False,
    httpx2.RequestError: True,
    httpx2.TransportError: True,
    httpx2.TimeoutException: True,
    httpx2.ConnectTimeout: True,
    httpx2.ReadTimeout: True,
    httpx2.WriteTimeout: True,
    httpx2.PoolTimeout: True,
    httpx2.NetworkError: True,
    httpx2.ConnectError: True,
    httpx2.ReadError: True,
    httpx2.WriteError: True,
    httpx2.CloseError: True,
    httpx2.ProxyError: True,
    httpx2.ProtocolError: True,
    httpx2.RemoteProtocolError: True,
    httpx2.LocalProtocolError: False,
    httpx2.SSEError: False,  # server-sent events; not used here
    httpx2.UnsupportedProtocol: False,  # the address in the configuration
    httpx2.DecodingError: False,
    httpx2.TooManyRedirects: False,
    httpx2.HTTPStatusError: False,
    httpx2.InvalidURL: False,
    httpx2.CookieConflict: False,
    httpx2.StreamError: False,
    httpx2.RequestNotRead: False,
    httpx2.ResponseNotRead: False,
    httpx2.StreamClosed: False,
    httpx2.StreamConsumed: False,
}
"""Whether errors of the class are transient; an unlisted class inherits from its base."""


def is_unknown_schema(error: Exception) -> bool:
    """Whether the registry itself reports an unknown schema id; a proxy's 404 does not count."""
    return isinstance(error, SchemaRegistryError) and error.error_code == SCHEMA_NOT_FOUND


def classify(error: Exception) -> Failure | None:
    """Classify an error of the registry's client or of the network; None: neither."""
    if isinstance(error, SchemaRegistryError):
        status = error.http_status_code
        kind = transient if status in TRANSIENT_STATUS else permanent
        return kind(error, f"HTTP {status}, code {error.error_code}")
    if isinstance(error, tuple(CLASSES)):
        heals = next(CLASSES[base] for base in type(error).__mro__ if base in CLASSES)
        return (transient if heals else permanent)(error, str(error))
    return network(error) if isinstance(error, OSError | EOFError) else None
