"""Views that can be verified, by the name of the projector that writes them."""

import redis_projector.projection
import search_projector.projection
import user_contracts
from projections.redis.layout import RedisLayout
from projections.verification.event_table import EventTable
from view_verifier.stores import KnownView, in_opensearch, in_redis

# `make new-aggregate` adds the same for its own views.
VIEWS = {
    "redis-projector": KnownView(
        plural="users",
        table=EventTable("user", user_contracts.avro_schema),
        project=redis_projector.projection.project,
        store=in_redis(RedisLayout("users")),
    ),
    "search-projector": KnownView(
        plural="users",
        table=EventTable("user", user_contracts.avro_schema),
        project=search_projector.projection.project,
        store=in_opensearch(user_contracts.opensearch_index, "users"),
    ),
}
