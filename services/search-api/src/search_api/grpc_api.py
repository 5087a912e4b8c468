"""Protobuf ↔ searches."""

from chassis.auth.authorization import requires_scope
from chassis.http.pagination import page
from search_api.application import UserSearch as Search
from search_api.ports import User as Found
from user_contracts.proto.user.v1 import SearchRequest, SearchResponse, User, UserSearchBase


class UserSearch(UserSearchBase):
    """The service user.v1.UserSearch."""

    def __init__(self, search: Search) -> None:
        self._search = search

    @requires_scope("users:read")
    async def search(self, search_request: SearchRequest) -> SearchResponse:
        asked = page(search_request.limit, search_request.cursor)
        users, cursor = await self._search.search(search_request.query, asked)
        return SearchResponse(users=[_user(user) for user in users], next_cursor=cursor or "")


def _user(found: Found) -> User:
    return User(
        id=found.id,
        first_name=found.first_name,
        last_name=found.last_name,
        created_at=found.created_at,
        version=found.version,
    )
