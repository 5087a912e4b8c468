"""Views that can be verified, by the name of the projector that writes them."""

import redis_projector.projection
import search_projector.projection
import user_contracts
import user_contracts.event_table
import user_contracts.redis_users
from view_verifier.stores import KnownView, in_opensearch, in_redis

# `make new-aggregate` adds the same for its own views.
VIEWS = {
    "redis-projector": KnownView(
        plural="users",
        table=user_contracts.event_table,
        project=redis_projector.projection.project,
        store=in_redis(user_contracts.redis_users),
    ),
    "search-projector": KnownView(
        plural="users",
        table=user_contracts.event_table,
        project=search_projector.projection.project,
        store=in_opensearch(user_contracts.opensearch_index, "users"),
    ),
}
