"""Keys of a view in Redis: a contract with its readers, such as schemas/views/redis-users.md."""

from typing import Protocol


class Layout(Protocol):
    """The keys of one view; a module of functions can implement it (PEP 544)."""

    POINTER: str
    """Holds the name of the serving generation."""

    FIRST_GENERATION: str
    """The generation that serves while nothing is stored under POINTER."""

    NOTES: str
    """Holds the operator's notes; in one slot with KEPT and POINTER."""

    KEPT: str
    """Holds the names of all generations that may have data."""

    SHARDS: tuple[str, ...]
    """The hash tags that divide a generation: a bucket belongs to one of them."""

    def bucket_of(self, key: str, /) -> str:
        """Return the bucket of an aggregate's key; buckets are ordered like keys."""

    def hash_key(self, generation: str, key: str, /) -> str:
        """Return the key of an aggregate's hash: its bucket's key, a colon, and its own key."""

    def bucket_key(self, generation: str, bucket: str, /) -> str:
        """Return the key of a bucket's sorted set of keys; in the slot of its hashes."""

    def directory_key(self, generation: str, /) -> str:
        """Return the key of the sorted set of buckets in use."""

    def offsets_key(self, generation: str, shard: str, /) -> str:
        """Return the key of a shard's stored offsets."""

    def pattern(self, generation: str, /) -> str:
        """Return a pattern that matches every key of a generation (SCAN)."""

    def hashes_pattern(self, generation: str, /) -> str:
        """Return a pattern that matches every aggregate's hash of a generation (SCAN)."""
