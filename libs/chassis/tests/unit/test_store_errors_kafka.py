"""Each error class of aiokafka and the codes of librdkafka are classified."""

import pytest
from confluent_kafka import KafkaError as LibrdkafkaError
from confluent_kafka import KafkaException

from chassis.stores.errors import kafka, librdkafka
from tests.support.stores.error_classes import classes, is_retried

# Not retriable by aiokafka's flag, and rightly so. A class that is neither here nor transient is
# one that is not classified yet.
PERMANENT_OF_KAFKA = {
    "AuthenticationFailedError",
    "AuthenticationMethodNotSupported",
    "BrokerResponseError",
    "ClusterAuthorizationFailedError",
    "ConsumerStoppedError",
    "DelegationTokenAuthDisabled",
    "DelegationTokenAuthorizationFailed",
    "DelegationTokenExpired",
    "DelegationTokenNotFound",
    "DelegationTokenOwnerMismatch",
    "DelegationTokenRequestNotAllowed",
    "DuplicateSequenceNumber",
    "GroupAuthorizationFailedError",
    "GroupIdNotFound",
    "IllegalArgumentError",
    "IllegalOperation",
    "IllegalSaslStateError",
    "IllegalStateError",
    "IncompatibleBrokerVersion",
    "InconsistentGroupProtocolError",
    "InvalidCommitOffsetSizeError",
    "InvalidConfigurationError",
    "InvalidFetchRequestError",
    "InvalidGroupIdError",
    "InvalidPartitionsError",
    "InvalidPrincipalType",
    "InvalidProducerEpoch",
    "InvalidProducerIdMapping",
    "InvalidReplicationAssignmentError",
    "InvalidReplicationFactorError",
    "InvalidRequestError",
    "InvalidRequiredAcksError",
    "InvalidSessionTimeoutError",
    "InvalidTimestampError",
    "InvalidTopicError",
    "InvalidTransactionTimeout",
    "InvalidTxnState",
    "KafkaConfigurationError",
    "KafkaError",
    "MessageSizeTooLargeError",
    "NoError",
    "NoOffsetForPartitionError",
    "NonEmptyGroup",
    "OffsetMetadataTooLargeError",
    "OffsetOutOfRangeError",
    "OutOfOrderSequenceNumber",
    "PolicyViolationError",
    "ProducerClosed",
    "ProducerFenced",
    "RecordListTooLargeError",
    "RecordTooLargeError",
    "SaslAuthenticationFailed",
    "SecurityDisabled",
    "TopicAlreadyExistsError",
    "TopicAuthorizationFailedError",
    "TransactionCoordinatorFenced",
    "TransactionalIdAuthorizationFailed",
    "UnknownProducerId",
    "UnrecognizedBrokerVersion",
    "UnsupportedCodecError",
    "UnsupportedForMessageFormatError",
    "UnsupportedSaslMechanismError",
    "UnsupportedVersionError",
}


def test_every_class_of_aiokafka_is_classified() -> None:
    found = {one.__name__: one for one in classes("aiokafka.errors")}
    permanent = {name for name, one in found.items() if not kafka.is_transient(one)}
    assert permanent == PERMANENT_OF_KAFKA


@pytest.mark.parametrize("kind", sorted(classes("aiokafka.errors"), key=str))
def test_kafka_error_is_classified_by_its_class(kind: type[Exception]) -> None:
    assert is_retried(kafka.classify(kind("why"))) is kafka.is_transient(kind)


@pytest.mark.parametrize(
    ("code", "is_transient"),
    [
        (LibrdkafkaError._TRANSPORT, True),
        (LibrdkafkaError._TIMED_OUT, True),
        (LibrdkafkaError.UNKNOWN_TOPIC_OR_PART, True),
        (LibrdkafkaError.TOPIC_AUTHORIZATION_FAILED, False),
        (LibrdkafkaError.SASL_AUTHENTICATION_FAILED, False),
    ],
)
def test_librdkafka_codes_are_classified(code: int, *, is_transient: bool) -> None:
    assert is_retried(librdkafka.classify(KafkaException(LibrdkafkaError(code)))) is is_transient
