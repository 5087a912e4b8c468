"""Classification of MySQL's errors by number, or by the driver's class if there is no number.

Sources: https://dev.mysql.com/doc/mysql-errors/9.4/en/server-error-reference.html, and the client
errors on its next page. An unlisted number is permanent.
"""

from asyncmy import errors
from asyncmy.constants import CR, ER

from chassis.stores.errors.failure import (
    Failure,
    is_closed_transport,
    network,
    permanent,
    transient,
)

LOST_RACES = frozenset({ER.LOCK_DEADLOCK, ER.LOCK_WAIT_TIMEOUT})
"""Another transaction was committed first: a conflict for a command, otherwise transient."""

_CONNECTION = {
    CR.CR_SOCKET_CREATE_ERROR,
    CR.CR_CONNECTION_ERROR,
    CR.CR_CONN_HOST_ERROR,  # asyncmy reports every failed handshake so, TLS included
    CR.CR_IPSOCK_ERROR,
    CR.CR_UNKNOWN_HOST,  # DNS may change
    CR.CR_SERVER_GONE_ERROR,
    CR.CR_SERVER_HANDSHAKE_ERR,
    CR.CR_SERVER_LOST,
    CR.CR_COMMANDS_OUT_OF_SYNC,  # after an aborted call; the connection is closed
    CR.CR_SSL_CONNECTION_ERROR,
    CR.CR_MALFORMED_PACKET,
    CR.CR_SERVER_LOST_EXTENDED,
    ER.BAD_HOST_ERROR,
    ER.HANDSHAKE_ERROR,
    ER.ABORTING_CONNECTION,
    ER.NET_READ_ERROR_FROM_PIPE,
    ER.NET_FCNTL_ERROR,
    ER.NET_PACKETS_OUT_OF_ORDER,
    ER.NET_UNCOMPRESS_ERROR,
    ER.NET_READ_ERROR,
    ER.NET_READ_INTERRUPTED,
    ER.NET_ERROR_ON_WRITE,
    ER.NET_WRITE_INTERRUPTED,
    ER.NEW_ABORTING_CONNECTION,
    ER.FORCING_CLOSE,
    3169,  # ER_SESSION_WAS_KILLED
    4031,  # ER_CLIENT_INTERACTION_TIMEOUT
}
_CAPACITY = {
    ER.DISK_FULL,
    ER.ERROR_ON_READ,
    ER.ERROR_ON_WRITE,
    ER.GET_ERRNO,  # the storage engine's own error
    ER.OUTOFMEMORY,
    ER.OUT_OF_SORTMEMORY,
    ER.CON_COUNT_ERROR,
    ER.OUT_OF_RESOURCES,
    ER.RECORD_FILE_FULL,
    ER.CANT_CREATE_THREAD,
    ER.HOST_IS_BLOCKED,  # until FLUSH HOSTS, after many failed handshakes
    ER.TOO_MANY_USER_CONNECTIONS,
    ER.USER_LIMIT_REACHED,
    ER.LOCK_TABLE_FULL,
    1637,  # ER_TOO_MANY_CONCURRENT_TRXS
}
_STATE = {
    ER.NORMAL_SHUTDOWN,
    ER.SERVER_SHUTDOWN,
    ER.SHUTDOWN_COMPLETE,
    ER.OPTION_PREVENTS_STATEMENT,  # read_only: a replica, or a primary that hands over
    1836,  # ER_READ_ONLY_MODE
    3032,  # ER_SERVER_OFFLINE_MODE
    3168,  # ER_SERVER_ISNT_AVAILABLE
    3100,  # ER_RUN_HOOK_ERROR: group replication refuses while it has no quorum
    3101,  # ER_TRANSACTION_ROLLBACK_DURING_COMMIT
}
_INTERRUPTED = {
    ER.CHECKREAD,
    ER.ERROR_DURING_COMMIT,
    ER.ERROR_DURING_ROLLBACK,
    ER.QUERY_INTERRUPTED,
    ER.TABLE_DEF_CHANGED,
    1615,  # ER_NEED_REPREPARE
    ER.GET_TEMPORARY_ERRMSG,
    3024,  # ER_QUERY_TIMEOUT: max_execution_time
    3572,  # ER_LOCK_NOWAIT
}
TRANSIENT = frozenset(_CONNECTION | _CAPACITY | _STATE | _INTERRUPTED | LOST_RACES)
TRANSIENT_STATES = ("08", "40")
"""Classes of SQLSTATE: connection exception, transaction rollback (ISO/IEC 9075-2)."""
WITHOUT_NUMBER: dict[type[Exception], bool] = {
    errors.MySQLError: False,
    errors.Warning: False,
    errors.Error: True,  # the connection is already closed
    errors.InterfaceError: True,  # not connected
    errors.DatabaseError: False,
    errors.DataError: False,
    errors.OperationalError: True,  # a broken handshake
    errors.IntegrityError: False,
    errors.InternalError: True,  # a packet out of order or truncated: the connection is closed
    errors.ProgrammingError: False,
    errors.NotSupportedError: False,
}
"""Whether an error of the driver itself, without a MySQL number, is transient."""


def is_transient(number: int) -> bool:
    """Whether a retry may succeed after MySQL's error number."""
    return number in TRANSIENT


def classify(error: Exception) -> Failure | None:
    """Classify an error of asyncmy or of the network; None: neither."""
    if isinstance(error, errors.MySQLError):
        return _of_mysql(error)
    if isinstance(error, OSError | EOFError):
        return network(error)
    if is_closed_transport(error):
        return transient(error, "connection closed")
    return None


def _of_mysql(error: errors.MySQLError) -> Failure:
    number, text = [*error.args, "", ""][:2]
    if isinstance(number, int) and number > 0:
        state = str(error.sqlstate or "")
        heals = is_transient(number) or state.startswith(TRANSIENT_STATES)
    else:
        heals = WITHOUT_NUMBER.get(type(error), False)
    return (transient if heals else permanent)(error, f"{number} {text}".strip())
