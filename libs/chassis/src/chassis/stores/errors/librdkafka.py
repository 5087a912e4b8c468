"""Kafka's errors, by librdkafka's code: of the admin client that asks for topic ids.

Source: https://docs.confluent.io/platform/current/clients/librdkafka/html/rdkafka_8h.html, enum
rd_kafka_resp_err_t. A code that is not listed is transient: the client only reads metadata.
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
        KafkaError._INVALID_ARG,  # noqa: SLF001 - so are its local errors named
        KafkaError._UNSUPPORTED_FEATURE,  # noqa: SLF001
        KafkaError._NOT_IMPLEMENTED,  # noqa: SLF001
    }
)


def classify(error: Exception) -> Failure | None:
    """What an error of confluent-kafka means, or one of the network below it; None: neither."""
    if isinstance(error, KafkaException):
        (reason,) = error.args[:1]
        code, text = reason.code(), f"{reason.name()} {reason.str()}"
        return (permanent if code in PERMANENT else transient)(error, text)
    return network(error) if isinstance(error, OSError | EOFError) else None
