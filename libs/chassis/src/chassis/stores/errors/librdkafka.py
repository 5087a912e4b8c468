"""Classification of Kafka's errors by librdkafka's code, for the client that reads topic ids.

Source: https://docs.confluent.io/platform/current/clients/librdkafka/html/rdkafka_8h.html, enum
rd_kafka_resp_err_t. An unlisted code is transient: the client only reads metadata.
"""

from confluent_kafka import KafkaError, KafkaException

from chassis.stores.errors.failure import Failure, network, permanent, transient

PERMANENT = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.UNSUPPORTED_SASL_MECHANISM,
        KafkaError.ILLEGAL_SASL_STATE,
        KafkaError.SECURITY_DISABLED,
        KafkaError.TOPIC_EXCEPTION,  # INVALID_TOPIC_EXCEPTION: the name in the configuration
        KafkaError.INVALID_CONFIG,
        KafkaError.INVALID_REQUEST,
        KafkaError.POLICY_VIOLATION,
        KafkaError.UNSUPPORTED_VERSION,
        KafkaError._INVALID_ARG,  # noqa: SLF001 - local errors have such names
        KafkaError._UNSUPPORTED_FEATURE,  # noqa: SLF001
        KafkaError._NOT_IMPLEMENTED,  # noqa: SLF001
    }
)


def classify(error: Exception) -> Failure | None:
    """Classify an error of confluent-kafka or of the network; None: neither."""
    if isinstance(error, KafkaException):
        (reason,) = error.args[:1]
        code, text = reason.code(), f"{reason.name()} {reason.str()}"
        return (permanent if code in PERMANENT else transient)(error, text)
    return network(error) if isinstance(error, OSError | EOFError) else None
