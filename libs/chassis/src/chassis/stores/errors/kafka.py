"""Kafka's errors, by aiokafka's class: its flag `retriable`, and where that differs from Kafka's.

Source: https://kafka.apache.org/protocol.html#protocol_error_codes, column Retriable.
"""

from aiokafka import errors as kafka

from chassis.stores.errors.failure import Failure, network, permanent, transient

ALSO_TRANSIENT: frozenset[type[Exception]] = frozenset(
    {
        # Retriable by Kafka's table, though aiokafka does not say so.
        kafka.CorruptRecordException,
        kafka.BrokerNotAvailableError,
        kafka.ReplicaNotAvailableError,
        kafka.StaleLeaderEpochCodeError,  # 13, NETWORK_EXCEPTION by now
        kafka.ConcurrentTransactions,
        kafka.FetchSessionIdNotFound,
        kafka.InvalidFetchSessionEpoch,
        kafka.ListenerNotFound,
        # The group moves on, and its member with it.
        kafka.RebalanceInProgressError,
        kafka.IllegalGenerationError,
        kafka.UnknownMemberIdError,
        kafka.MemberIdRequired,
        kafka.CommitFailedError,
        # The brokers' state, which passes.
        kafka.UnknownError,  # -1: the broker has failed at something
        kafka.StaleControllerEpochError,
        kafka.OperationNotAttempted,
        kafka.ReassignmentInProgress,
        kafka.QuotaViolationError,
        kafka.LogDirNotFound,
        # aiokafka's own: no answer in time, no broker.
        kafka.KafkaTimeoutError,
        kafka.KafkaUnavailableError,
    }
)


def is_transient(kind: type[Exception]) -> bool:
    """Whether errors of the class heal without a change on our side; no class of Kafka's: no."""
    return kind in ALSO_TRANSIENT or bool(getattr(kind, "retriable", False))


def classify(error: Exception) -> Failure | None:
    """What an error of aiokafka means, or one of the network below it; None: neither."""
    if isinstance(error, kafka.KafkaError | kafka.ConsumerStoppedError | kafka.IllegalOperation):
        return (transient if is_transient(type(error)) else permanent)(
            error, " ".join(map(str, error.args))
        )
    if isinstance(error, OSError | EOFError):
        return network(error)
    return None
