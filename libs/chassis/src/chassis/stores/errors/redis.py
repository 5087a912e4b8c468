"""Classification of Redis's errors by redis-py's class, or by the reply's first word.

Sources: the replies in redis/src/server.c (createSharedObjects) and script.c of Redis 8, and
redis/_parsers/base.py of redis-py 8.1.
"""

import re

from redis import exceptions as redis

from chassis.stores.errors.failure import (
    Failure,
    is_closed_transport,
    network,
    permanent,
    transient,
)

CLASSES: dict[type[Exception], bool] = {
    redis.RedisError: False,
    redis.ConnectionError: True,
    redis.TimeoutError: True,
    redis.MaxConnectionsError: True,  # the client's pool is exhausted
    redis.BusyLoadingError: True,  # LOADING
    redis.InvalidResponse: True,  # a broken stream; the connection is closed
    redis.ReadOnlyError: True,  # READONLY: a failover, or a primary that became a replica
    redis.OutOfMemoryError: True,  # OOM: Redis accepts no writes until there is memory
    redis.TryAgainError: True,
    redis.AskError: True,
    redis.MovedError: True,
    redis.ClusterError: True,  # redirected too often
    redis.ClusterDownError: True,
    redis.MasterDownError: True,
    redis.SlotNotCoveredError: True,
    redis.ExternalAuthProviderError: True,  # the authentication server, not the password
    # The password or the user's rights. Only a new process reads the secret again.
    redis.AuthenticationError: False,
    redis.AuthorizationError: False,
    redis.AuthenticationWrongNumberOfArgsError: False,
    redis.NoPermissionError: False,
    redis.ResponseError: False,  # but see REPLIES
    redis.RedisClusterException: False,  # but see TOPOLOGY
    redis.NoScriptError: False,  # scripts are sent as text
    redis.ExecAbortError: False,
    redis.ModuleError: False,
    redis.NoSuchFieldsetError: False,
    redis.ClusterCrossSlotError: False,
    redis.CrossSlotTransactionError: False,
    redis.InvalidPipelineStack: False,
    redis.IncorrectPolicyType: False,
    redis.DataError: False,
    redis.PubSubError: False,
    redis.WatchError: False,
    redis.LockError: False,
    redis.LockNotOwnedError: False,
    redis.ChildDeadlockedError: False,
}
"""Whether errors of the class are transient; an unlisted class inherits from its base."""
REPLIES = (
    "MISCONF",  # cannot persist: the disk is full or broken
    "BUSY",  # another client's script runs too long
    "NOREPLICAS",  # min-replicas-to-write
    "UNBLOCKED",  # became a replica
    "NOMASTERLINK",
    "max number of clients",
    # Those below have classes, unless a script raises them.
    "LOADING",
    "READONLY",
    "OOM",
    "MASTERDOWN",
    "CLUSTERDOWN",
    "TRYAGAIN",
)
"""Prefixes of transient replies; all others are permanent: WRONGTYPE, ERR, NOPERM …"""
TOPOLOGY = ("cannot be connected", "slots are not covered", "could not agree")
"""redis-py's texts when no node of a cluster responds; all others are misuse."""
KNOWN = re.compile(
    r"^(?:WRONGTYPE|ERR|NOTBUSY|NOPROTO|NOGROUP|BUSYKEY|INPROG|UNKILLABLE)\b"
    r"|unknown command|wrong number of arguments|[Uu]nknown Redis command|syntax error"
    r"|[Ee]rror compiling script|not an integer or out of range|not a valid float"
    r"|arguments must be strings or integers|wrong kind of value"
    r"|attempt to (?:index|call|compare|concatenate|perform arithmetic)|user_script:\d+"
)
"""The parts of a permanent reply that are logged: a script's message may hold any value."""
_IN_PIPELINE = "caused error: "


def classify(error: Exception) -> Failure | None:
    """Classify an error of redis-py or of the network; None: neither."""
    if isinstance(error, tuple(CLASSES)):
        text = _text(error)
        if _heals(error, text):
            return transient(error, text)
        is_reply = type(error) is redis.ResponseError
        return permanent(error, _known(text) if is_reply else text)
    if isinstance(error, OSError | EOFError):
        return network(error)
    if is_closed_transport(error):
        return transient(error, "connection closed")
    return None


def _heals(error: Exception, text: str) -> bool:
    if type(error) is redis.ResponseError:
        return text.startswith(REPLIES)
    if type(error) is redis.RedisClusterException:
        return any(part in text for part in TOPOLOGY)
    return next(CLASSES[base] for base in type(error).__mro__ if base in CLASSES)


def _known(text: str) -> str:
    return ", ".join(dict.fromkeys(KNOWN.findall(text)))


def _text(error: Exception) -> str:
    """Return the server's text only: in a pipeline redis-py prefixes the command and its values."""
    text = str(error.args[0]) if error.args else ""
    return text.rpartition(_IN_PIPELINE)[2].strip("()'\",") if _IN_PIPELINE in text else text
