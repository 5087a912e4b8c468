"""Protobuf ↔ searches."""

import msgspec

from chassis.auth.authorization import requires_scope
from chassis.http.pagination import page
from projections.searches import TextSearch
from search_api import documents
from user_contracts.proto.user.v1 import SearchRequest, SearchResponse, User, UserSearchBase


class UserSearch(UserSearchBase):
    """The service user.v1.UserSearch."""

    def __init__(self, search: TextSearch) -> None:
        self._search = search

    @requires_scope("users:read")
    async def search(self, search_request: SearchRequest) -> SearchResponse:
        requested = page(search_request.limit, search_request.cursor)
        found, cursor = await self._search.search(search_request.query, requested)
        users = msgspec.convert(found, list[documents.User])
        sent = [User(**msgspec.structs.asdict(user)) for user in users]
        return SearchResponse(users=sent, next_cursor=cursor or "")
