"""Which keys a view has in Redis: a contract with its readers, as schemas/views/redis-users.md."""

from typing import Protocol


class Layout(Protocol):
    """The keys of one view; a module of functions will do (PEP 544)."""

    POINTER: str
    """The name of the generation that serves."""

    FIRST_GENERATION: str
    """The generation that serves while nothing is stored under POINTER."""

    NOTES: str
    """What operators decided; in one slot with KEPT and POINTER."""

    KEPT: str
    """All generations that may hold data."""

    SHARDS: tuple[str, ...]
    """The hash tags that a generation is divided by: a bucket belongs to one of them."""

    def bucket_of(self, key: str, /) -> str:
        """The bucket of an aggregate's key; its order is the keys' order."""

    def hash_key(self, generation: str, key: str, /) -> str:
        """The hash of one aggregate: the key of its bucket, a colon, and its own key."""

    def bucket_key(self, generation: str, bucket: str, /) -> str:
        """The keys of a bucket, in their order; in the slot of its hashes."""

    def directory_key(self, generation: str, /) -> str:
        """The buckets in use."""

    def offsets_key(self, generation: str, shard: str, /) -> str:
        """How far a shard has been written."""

    def pattern(self, generation: str, /) -> str:
        """Matches every key of a generation (SCAN)."""

    def hashes_pattern(self, generation: str, /) -> str:
        """Matches every aggregate's hash of a generation (SCAN)."""
