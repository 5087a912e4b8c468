"""The keys that a projector and its readers agree on, on a cluster."""

import pytest
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from projections.redis.layout import RedisLayout

LAYOUT = RedisLayout("users")
SHARDS = LAYOUT.SHARDS
ANN = "0192f5a8-4d3c-7a10-8b2e-2f6d1c9e0a11"


def slot(key: str) -> int:
    return int(key_slot(key.encode()))


@pytest.mark.parametrize("masters", range(1, 17))
def test_equal_masters_have_equal_parts(masters: int) -> None:
    owners = [slot(f"{{{shard}}}") * masters // REDIS_CLUSTER_HASH_SLOTS for shard in SHARDS]
    counts = [owners.count(master) for master in range(masters)]
    assert max(counts) - min(counts) <= 1


def test_a_user_lies_with_its_bucket_and_the_offset_behind_it() -> None:
    bucket = LAYOUT.bucket_of(ANN)
    together = {
        slot(LAYOUT.hash_key("1", ANN)),
        slot(LAYOUT.bucket_key("1", bucket)),
        slot(LAYOUT.offsets_key("1", SHARDS[5])),
    }
    assert len(together) == 1
    assert LAYOUT.hash_key("1", ANN) == "users:1:{uv}:0192f5:" + ANN


def test_the_directory_of_buckets_lies_with_an_offset_too() -> None:
    assert slot(LAYOUT.directory_key("7")) == slot(LAYOUT.offsets_key("7", SHARDS[0]))


def test_what_the_operator_decides_lies_in_one_slot() -> None:
    assert len({slot(key) for key in (LAYOUT.pointer, LAYOUT.notes, LAYOUT.kept)}) == 1
