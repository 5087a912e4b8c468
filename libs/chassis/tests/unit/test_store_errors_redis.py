"""Each error class of redis-py and each kind of reply is classified."""

import pytest
from redis import exceptions as redis_classes

from chassis.stores.errors import redis
from tests.support.stores.error_classes import classes, is_retried


def test_every_class_of_redis_py_is_classified() -> None:
    assert classes("redis.exceptions") == set(redis.CLASSES)


@pytest.mark.parametrize("words", ["the handler is closed", "the transport does not expose socket"])
def test_call_on_a_closed_connection_is_retried(words: str) -> None:
    assert is_retried(redis.classify(RuntimeError(words)))
    assert redis.classify(RuntimeError("another bug")) is None


@pytest.mark.parametrize(
    ("reply", "is_transient"),
    [
        ("MISCONF Errors writing to the AOF file", True),
        ("BUSY Redis is busy running a script", True),
        ("NOREPLICAS Not enough good replicas to write.", True),
        ("max number of clients + cluster connections reached", True),
        ("OOM command not allowed. script: 3f, on @user_script:4.", True),
        ("READONLY You can't write against a read only replica. script: 3f", True),
        ("WRONGTYPE Operation against a key holding the wrong kind of value", False),
        ("ERR user_script:3: attempt to compare nil with number", False),
        ("NOTBUSY No scripts in execution right now.", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("shape", ["alone", "pipeline", "cluster pipeline"])
def test_redis_replies_are_classified_by_their_first_word(
    reply: str, shape: str, *, is_transient: bool
) -> None:
    command = "Command # 1 (EVAL OOM READONLY Ada) of pipeline caused error: "
    text = {
        "alone": reply,
        "pipeline": f"{command}{(reply,)}",
        "cluster pipeline": f"{command}{reply}",
    }[shape]
    failure = redis.classify(redis_classes.ResponseError(text))
    assert is_retried(failure) is is_transient
    assert "Ada" not in str(failure)


@pytest.mark.parametrize("kind", sorted(redis.CLASSES, key=str))
def test_redis_error_is_classified_by_its_class(kind: type[Exception]) -> None:
    text = "1 127.0.0.1:1" if issubclass(kind, redis_classes.AskError) else "why"
    assert is_retried(redis.classify(kind(text))) is redis.CLASSES[kind]


@pytest.mark.parametrize(
    ("text", "is_transient"),
    [
        ("Redis Cluster cannot be connected. Please provide at least one reachable node: x", True),
        ("All slots are not covered after query all startup_nodes. 5 of 16384 covered...", True),
        ("startup_nodes could not agree on a valid slots cache: 1 vs 2", True),
        ("EVAL - all keys must map to the same key slot", False),
        ("Cluster mode is not enabled on this node", False),
    ],
)
def test_unreachable_cluster_is_unavailable(text: str, *, is_transient: bool) -> None:
    assert is_retried(redis.classify(redis_classes.RedisClusterException(text))) is is_transient
