"""Validation of a request before it reaches a handler: RFC 9112 and RFC 3986."""

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from aiohttp import web
from aiohttp.http import HttpVersion10, HttpVersion11

from chassis.http import origins
from chassis.problems import Invalid

VERSIONS = {HttpVersion10, HttpVersion11}
HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._~!$&'()*+,;=%-]*)(:[0-9]{0,5})?")
SINGLE = ("authorization", "content-type", "idempotency-key")
"""Headers with a single value: of two, a proxy in front may have checked the other one."""
CONTINUE = "100-continue"  # RFC 9110 §10.1.1
BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def check(request: web.BaseRequest, hosts: frozenset[str] | None = None) -> None:
    """Raise Invalid for an unsupported HTTP version, a bad Host or URL, or a repeated header.

    Also for an unknown expectation, and for a Host or Origin that is not in hosts; None allows any.
    """
    if request.version not in VERSIONS:
        raise Invalid("the HTTP version must be 1.0 or 1.1")
    host = request.headers.get("Host", "")
    if not _is_host(host):
        raise Invalid("the Host header must be a host and an optional port")
    if hosts is not None:
        origins.check(host, request.headers.get("Origin"), hosts)
    for name in SINGLE:
        if name in request.headers and len(request.headers.getall(name)) > 1:
            raise Invalid(f"the {name} header is sent twice")
    if request.version == HttpVersion11 and _expects_more(request):
        raise Invalid("the only supported expectation is 100-continue")
    target = request.raw_path
    if "%" in target and not _is_encoded(target):
        raise Invalid("the URL is not percent-encoded UTF-8")


@lru_cache(maxsize=256)
def _is_host(text: str) -> bool:
    return HOST.fullmatch(text) is not None


def _expects_more(request: web.BaseRequest) -> bool:
    """Whether Expect is unsupported; aiohttp cannot report this if the value is not UTF-8."""
    return request.headers.get("Expect", CONTINUE).lower() not in {CONTINUE, ""}


def _is_encoded(target: str) -> bool:
    """Whether each % starts an escape, and all of them are UTF-8 (RFC 3986 §2.1, §2.5)."""
    if BAD_ESCAPE.search(target):
        return False
    try:
        unquote_to_bytes(target).decode()
    except UnicodeDecodeError:
        return False
    return True
