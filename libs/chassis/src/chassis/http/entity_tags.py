"""The preconditions If-Match and If-None-Match: RFC 9110, sections 8.8.3 and 13.1."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from aiohttp import web

from chassis.http import pagination

# Quoted text of visible and non-ASCII characters (etagc): a comma may be part of it.
TAG = re.compile(r'(W/)?"([^\x00-\x20"\x7f]*)"')
SEPARATOR = re.compile(r"[ \t]*(?:,[ \t]*)+")  # a list may have empty elements (section 5.6.1.2)
BLANKS = " \t"
VERSION = re.compile(r"[1-9][0-9]{0,8}")


class EntityTag(NamedTuple):
    """An entity tag without its quotes."""

    value: str
    is_weak: bool = False


def expected_version(request: web.Request) -> int | tuple[int, ...] | None:
    """Return the versions that If-Match allows: one, several, or None for any.

    The tuple is sorted, and empty when no tag can match: a weak tag never matches (section 13.1.1),
    nor does a tag that is not a version. Raises Invalid for a malformed header.
    """
    tags = entity_tags(request, "If-Match")
    if not tags:
        return None
    versions = {int(t.value) for t in tags if not t.is_weak and VERSION.fullmatch(t.value)}
    return versions.pop() if len(versions) == 1 else tuple(sorted(versions))


def is_known(request: web.Request, tag: str) -> bool:
    """Whether If-None-Match names this entity tag; tags compare weakly (section 13.1.2).

    Raises Invalid for a malformed header.
    """
    tags = entity_tags(request, "If-None-Match")
    return tags is not None and (not tags or any(known.value == tag for known in tags))


def entity_tags(request: web.Request, header: str) -> Sequence[EntityTag] | None:
    """Return the tags of a header that may be repeated; empty for `*`, None if it is absent.

    Raises Invalid for a malformed header.
    """
    lines = request.headers.getall(header, ())
    if not lines:
        return None
    text = ",".join(lines).strip(BLANKS)
    if text == "*":
        return ()
    tags = _parsed(text.strip(BLANKS + ","))
    if not tags:
        raise pagination.invalid(header, 'must be entity tags, such as "3", or *')
    return tags


def _parsed(text: str) -> list[EntityTag]:
    """Return the tags of a list; empty if a part of it is not a tag."""
    tags, at = [], 0
    while match := TAG.match(text, at):
        tags.append(EntityTag(match[2], match[1] is not None))
        if match.end() == len(text):
            return tags
        separator = SEPARATOR.match(text, match.end())
        if separator is None:
            return []
        at = separator.end()
    return []
