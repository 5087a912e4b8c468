"""JSON to and from OpenSearch."""

import json
from typing import Any

import pytest
from opensearchpy import SerializationError

from chassis.stores.opensearch_client import OpenSearchSettings, connected

BODY = {"query": {"term": {"words": "žižek"}}, "size": 11, "search_after": [8000.0, None, True]}


async def serializer() -> Any:
    settings: Any = {}
    async with connected(OpenSearchSettings(**settings), 1) as client:
        return client.transport.serializer


async def test_body_is_written_once_and_read_back() -> None:
    json_ = await serializer()
    written = json_.dumps(BODY)
    assert json.loads(written) == json_.loads(written) == BODY
    assert json_.dumps(written) == written


async def test_what_is_not_json_is_an_error_of_the_client() -> None:
    json_ = await serializer()
    with pytest.raises(SerializationError):
        json_.dumps({"x": object()})
    with pytest.raises(SerializationError):
        json_.loads("<html>")
