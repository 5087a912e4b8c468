"""The keys of the Redis view; what they hold: schemas/views/redis-users.md."""

POINTER = "users:generation"
# One slot of Redis Cluster holds all three, so that a script may change them together.
NOTES = "users:{users:generation}:operator"
KEPT = "users:{users:generation}:kept"
FIRST_GENERATION = "1"
# Two letters whose slot lies in the middle of one sixteenth of the 16,384, so that equal masters
# have equal parts; neighbours in this list lie far from each other.
SHARDS: tuple[str, ...] = (
    "ma", "ly", "lg", "rz", "dj", "uv", "uh", "dt", "qp", "ph", "pv", "qn", "wz", "yc", "iy", "ha",
)  # fmt: skip
_SHARD_OF = dict(zip("0123456789abcdef", SHARDS, strict=True))


def bucket_of(user_id: str) -> str:
    """The bucket of an id: the top 24 bits of its time, as 6 hex digits."""
    return user_id[:6]


def hash_key(generation: str, user_id: str) -> str:
    """The hash of a user; in the slot of its bucket."""
    return f"{bucket_key(generation, bucket_of(user_id))}:{user_id}"


def bucket_key(generation: str, bucket: str) -> str:
    """The ids of a bucket, in their order."""
    return f"users:{generation}:{{{_SHARD_OF.get(bucket[5:6], SHARDS[0])}}}:{bucket}"


def directory_key(generation: str) -> str:
    """The directory of buckets."""
    return f"users:{generation}:{{{SHARDS[0]}}}:buckets"


def offsets_key(generation: str, shard: str) -> str:
    """How far one of SHARDS has been written."""
    return f"users:{generation}:{{{shard}}}:offsets"


def pattern(generation: str) -> str:
    """Matches every key of a generation, and no other (SCAN)."""
    return f"users:{generation}:*"


def hashes_pattern(generation: str) -> str:
    """Matches every user of a generation, and no other key that this page knows (SCAN)."""
    return f"users:{generation}:{{*}}:*:*"
