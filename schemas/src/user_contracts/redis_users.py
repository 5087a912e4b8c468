"""The keys of the Redis view; their content: schemas/views/redis-users.md."""

POINTER = "users:generation"
# One slot of Redis Cluster holds all three, so that a script may change them together.
NOTES = "users:{users:generation}:operator"
KEPT = "users:{users:generation}:kept"
FIRST_GENERATION = "1"
# Hash tags whose slots are in the middle of one sixteenth of the 16,384 slots, so that masters of
# equal size get equal parts; adjacent entries of this list are far apart.
SHARDS: tuple[str, ...] = (
    "ma", "ly", "lg", "rz", "dj", "uv", "uh", "dt", "qp", "ph", "pv", "qn", "wz", "yc", "iy", "ha",
)  # fmt: skip
_SHARD_OF = dict(zip("0123456789abcdef", SHARDS, strict=True))


def bucket_of(user_id: str) -> str:
    """Return the bucket of an id: the top 24 bits of its time, as 6 hex digits."""
    return user_id[:6]


def hash_key(generation: str, user_id: str) -> str:
    """Return the key of a user's hash; in the slot of its bucket."""
    return f"{bucket_key(generation, bucket_of(user_id))}:{user_id}"


def bucket_key(generation: str, bucket: str) -> str:
    """Return the key of a bucket's sorted set of ids."""
    return f"users:{generation}:{{{_SHARD_OF.get(bucket[5:6], SHARDS[0])}}}:{bucket}"


def directory_key(generation: str) -> str:
    """Return the key of the directory of buckets."""
    return f"users:{generation}:{{{SHARDS[0]}}}:buckets"


def offsets_key(generation: str, shard: str) -> str:
    """Return the key of the stored offsets of one of SHARDS."""
    return f"users:{generation}:{{{shard}}}:offsets"


def pattern(generation: str) -> str:
    """Return a pattern that matches exactly the keys of a generation (SCAN)."""
    return f"users:{generation}:*"


def hashes_pattern(generation: str) -> str:
    """Return a pattern that matches exactly the hashes of users of a generation (SCAN)."""
    return f"users:{generation}:{{*}}:*:*"
