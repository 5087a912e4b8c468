"""The keys of redis-projector and query-api on a Redis Cluster."""

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


def test_user_bucket_and_offset_share_a_slot() -> None:
    bucket = LAYOUT.bucket_of(ANN)
    together = {
        slot(LAYOUT.hash_key("1", ANN)),
        slot(LAYOUT.bucket_key("1", bucket)),
        slot(LAYOUT.offsets_key("1", SHARDS[5])),
    }
    assert len(together) == 1
    assert LAYOUT.hash_key("1", ANN) == "users:1:{uv}:0192f5:" + ANN


def test_directory_of_buckets_shares_a_slot_with_an_offset() -> None:
    assert slot(LAYOUT.directory_key("7")) == slot(LAYOUT.offsets_key("7", SHARDS[0]))


def test_operator_keys_share_a_slot() -> None:
    assert len({slot(key) for key in (LAYOUT.pointer, LAYOUT.notes, LAYOUT.kept)}) == 1
