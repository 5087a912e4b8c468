"""If-None-Match and If-Match by RFC 9110, in one header or several."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from chassis.http.entity_tags import expected_version, is_known
from chassis.problems import Invalid


def request(header: str, *lines: str) -> web.Request:
    return make_mocked_request("GET", "/", headers=CIMultiDict((header, one) for one in lines))


@pytest.mark.parametrize(
    "lines", [('"3"',), ('W/"3"',), ('"2", W/"3"',), ('"2"', '"3"'), ('"a,b"', "", '"3"'), ("*",)]
)
def test_if_none_match_compares_weakly_with_every_tag(lines: tuple[str, ...]) -> None:
    assert is_known(request("If-None-Match", *lines), "3")


@pytest.mark.parametrize("lines", [(), ('"2"',), ('"3,"',), ('"2"', 'W/"4"')])
def test_if_none_match_without_the_tag_is_not_known(lines: tuple[str, ...]) -> None:
    assert not is_known(request("If-None-Match", *lines), "3")


@pytest.mark.parametrize("lines", [("3",), ("",), ('"2"', "3"), ('"2"', "*"), ('"2" "3"',)])
def test_malformed_if_none_match_is_rejected(lines: tuple[str, ...]) -> None:
    with pytest.raises(Invalid):
        is_known(request("If-None-Match", *lines), "3")


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 99)), min_size=1))
def test_if_match_expects_every_strong_version_and_no_weak_one(
    tags: list[tuple[bool, int]],
) -> None:
    line = ", ".join(f'{"W/" if is_weak else ""}"{version}"' for is_weak, version in tags)
    strong = sorted({version for is_weak, version in tags if not is_weak})
    expected = strong[0] if len(strong) == 1 else tuple(strong)
    assert expected_version(request("If-Match", line)) == expected


@given(st.text())
def test_any_if_match_is_parsed_or_rejected(text: str) -> None:
    try:
        expected_version(request("If-Match", text))
    except Invalid:
        pass
