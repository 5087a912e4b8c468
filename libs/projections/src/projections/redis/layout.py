"""Keys of a view in Redis: a contract with its readers, such as schemas/views/redis-users.md."""

from typing import ClassVar

DIGITS = "0123456789abcdef"


class RedisLayout:
    """The keys of one view, all of which begin with its name, such as `users`.

    The keys of aggregates are UUIDs of version 7.
    """

    FIRST_GENERATION = "1"
    """The generation that serves while nothing is stored under the pointer."""

    # Two characters whose slot is in the middle of one sixteenth of the 16,384, so that equal
    # masters have equal parts; adjacent entries are far apart.
    SHARDS: ClassVar[tuple[str, ...]] = (
        "ma", "ly", "lg", "rz", "dj", "uv", "uh", "dt",
        "qp", "ph", "pv", "qn", "wz", "yc", "iy", "ha",
    )  # fmt: skip
    """The hash tags that a generation is divided by: a bucket belongs to one of them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.pointer = f"{name}:generation"
        """The name of the generation that serves."""
        # One slot of Redis Cluster holds all three, so that a script may change them together.
        self.notes = f"{name}:{{{self.pointer}}}:operator"
        """What operators decided."""
        self.kept = f"{name}:{{{self.pointer}}}:kept"
        """All generations that may hold data."""

    def bucket_of(self, key: str) -> str:
        """The bucket of an id: the top 24 bits of its time, as 6 hex digits."""
        return key[:6]

    def hash_key(self, generation: str, key: str) -> str:
        """The hash of one aggregate; in the slot of its bucket."""
        return f"{self.bucket_key(generation, self.bucket_of(key))}:{key}"

    def bucket_key(self, generation: str, bucket: str) -> str:
        """The ids of a bucket, in their order."""
        shard = self.SHARDS[max(0, DIGITS.find(bucket[5:6]))]
        return f"{self._name}:{generation}:{{{shard}}}:{bucket}"

    def directory_key(self, generation: str) -> str:
        """The directory of buckets."""
        return f"{self._name}:{generation}:{{{self.SHARDS[0]}}}:buckets"

    def offsets_key(self, generation: str, shard: str) -> str:
        """How far one of SHARDS has been written."""
        return f"{self._name}:{generation}:{{{shard}}}:offsets"

    def pattern(self, generation: str) -> str:
        """Matches every key of a generation, and no other (SCAN)."""
        return f"{self._name}:{generation}:*"

    def hashes_pattern(self, generation: str) -> str:
        """Matches every aggregate of a generation, and no other key of this layout (SCAN)."""
        return f"{self._name}:{generation}:{{*}}:*:*"
