"""Helpers for HTTP handlers: JSON bodies, query parameters, pages."""

import asyncio
from typing import TypeVar

import msgspec
from aiohttp import web
from multidict import MultiMapping
from yarl import URL

from chassis import problems
from chassis.http import pagination

MAX_BODY = 64 * 1024  # bytes; a user with two names of 100 four-byte characters takes under 1 kB
BODY_WITHIN = 10.0  # seconds for a body to arrive; a phone on a bad line needs one
T = TypeVar("T")


class BrokenBody(Exception):
    """A body that is not valid HTTP."""


class ClientGone(Exception):
    """The client disconnected during its request: no client reads the response."""


class UnsupportedCoding(problems.UnsupportedMediaType):
    """The body has a content coding, such as gzip (RFC 9110 §12.5.3, §15.5.16)."""

    @property
    def headers(self) -> dict[str, str]:
        return {"Accept-Encoding": "identity"}


def answer(
    content: object, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """Return a JSON response; bytes are sent as they are."""
    body = content if isinstance(content, bytes) else msgspec.json.encode(content)
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


async def read_json(request: web.Request, shape: type[T]) -> T:
    """Return the body as the given msgspec type.

    Raises UnsupportedMediaType, Invalid (not JSON, an unknown field, a wrong type), and as
    read_body does.
    """
    if request.content_type != "application/json":
        raise problems.UnsupportedMediaType("send the body as application/json")
    body = await read_body(request)
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise problems.Invalid(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise problems.Invalid(f"the body is not JSON: {error}") from error


async def read_body(request: web.Request) -> bytes:
    """Return the whole body.

    Raises UnsupportedCoding, aiohttp's HTTPRequestEntityTooLarge (over MAX_BODY bytes), TooSlow
    (over BODY_WITHIN seconds), Invalid (malformed chunks) and ClientGone.
    """
    codings = ",".join(request.headers.getall("Content-Encoding", ())).lower().split(",")
    if {coding.strip() for coding in codings} - {"", "identity"}:
        raise UnsupportedCoding("send the body without Content-Encoding")
    try:
        if request.content.is_eof():  # has arrived: most bodies do with their headers
            return await request.read()
        async with asyncio.timeout(BODY_WITHIN):
            return await request.read()
    except TimeoutError as error:
        raise problems.TooSlow(f"the body must arrive within {BODY_WITHIN:.0f} s") from error
    except ConnectionError as error:
        raise ClientGone from error
    except (BrokenBody, web.RequestPayloadError) as error:
        raise problems.Invalid("the body is not valid HTTP/1.1") from error


def read_query(request: web.Request, *allowed: str) -> MultiMapping[str]:
    """Return the query parameters; raises Invalid for an unknown or repeated one."""
    for name in request.query:
        if name not in allowed:
            raise pagination.invalid(name, "is not a parameter of this route")
        if len(request.query.getall(name)) > 1:
            raise pagination.invalid(name, "is given twice")
    return request.query


def read_int(query: MultiMapping[str], name: str, highest: int) -> int | None:
    """Return a whole number from 1 to highest, or None if absent; raises Invalid."""
    text = query.get(name)
    if text is None:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(highest))
    if not is_number or not 1 <= int(text) <= highest:
        raise pagination.invalid(name, f"must be a whole number from 1 to {highest}")
    return int(text)


def read_page(query: MultiMapping[str]) -> pagination.Page:
    """Return the page that the parameters limit and cursor describe; raises Invalid."""
    return pagination.page(read_int(query, "limit", pagination.MAX_LIMIT), query.get("cursor"))


def next_link(url: URL, cursor: str | None) -> dict[str, str]:
    """Return the header Link: rel="next" (RFC 8288) of a page at this URL, if there is a next."""
    if cursor is None:
        return {}
    return {"Link": f'<{url.update_query(cursor=cursor)}>; rel="next"'}
