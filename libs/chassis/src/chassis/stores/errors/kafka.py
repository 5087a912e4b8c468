"""Classification of Kafka's errors by aiokafka's class: its flag `retriable`, with corrections.

Source: https://kafka.apache.org/protocol.html#protocol_error_codes, column Retriable.
"""

from aiokafka import errors as kafka

from chassis.stores.errors.failure import Failure, network, permanent, transient

ALSO_TRANSIENT: frozenset[type[Exception]] = frozenset(
    {
        # Retriable in Kafka's table, but not marked so in aiokafka.
        kafka.CorruptRecordException,
        kafka.BrokerNotAvailableError,
        kafka.ReplicaNotAvailableError,
        kafka.StaleLeaderEpochCodeError,  # 13, NETWORK_EXCEPTION by now
        kafka.ConcurrentTransactions,
        kafka.FetchSessionIdNotFound,
        kafka.InvalidFetchSessionEpoch,
        kafka.ListenerNotFound,
        # The consumer group rebalances; the member rejoins.
        kafka.RebalanceInProgressError,
        kafka.IllegalGenerationError,
        kafka.UnknownMemberIdError,
        kafka.MemberIdRequired,
        kafka.CommitFailedError,
        # Temporary states of the brokers.
        kafka.UnknownError,  # -1: an unexpected failure of the broker
        kafka.StaleControllerEpochError,
        kafka.OperationNotAttempted,
        kafka.ReassignmentInProgress,
        kafka.QuotaViolationError,
        kafka.LogDirNotFound,
        # aiokafka's own: no response in time, no broker.
        kafka.KafkaTimeoutError,
        kafka.KafkaUnavailableError,
    }
)


def is_transient(kind: type[Exception]) -> bool:
    """Whether a retry may succeed after errors of the class; False for other classes."""
    return kind in ALSO_TRANSIENT or bool(getattr(kind, "retriable", False))


def classify(error: Exception) -> Failure | None:
    """Classify an error of aiokafka or of the network; None: neither."""
    if isinstance(error, kafka.KafkaError | kafka.ConsumerStoppedError | kafka.IllegalOperation):
        return (transient if is_transient(type(error)) else permanent)(
            error, " ".join(map(str, error.args))
        )
    if isinstance(error, OSError | EOFError):
        return network(error)
    return None
