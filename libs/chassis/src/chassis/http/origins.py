"""Host and Origin checks: they protect a port from foreign web pages in a user's browser.

A page can map its own host name to the address of this machine (DNS rebinding), or submit a form to
it. An IP address or localhost in Host cannot be such a name; any other name must be configured.
Sources: RFC 6454 §7 (Origin), RFC 9110 §7.2 (Host), CWE-346, CWE-350.
"""

import ipaddress
from functools import lru_cache
from urllib.parse import urlsplit

from chassis.problems import Invalid

Hosts = frozenset[str]


def check(host: str, origin: str | None, hosts: Hosts) -> None:
    """Raise Invalid for a Host that is not ours, and for the Origin of another site."""
    if not is_ours(f"//{host}", hosts):
        raise Invalid("the Host header does not name this server; see ALLOWED_HOSTS")
    if origin is not None and not is_ours(origin, hosts):
        raise Invalid("the Origin header names another site; see ALLOWED_HOSTS")


@lru_cache(maxsize=256)
def is_ours(url: str, hosts: Hosts) -> bool:
    """Whether the host of a URL is an IP address, localhost, or one of `hosts`."""
    try:
        name = (urlsplit(url).hostname or "").rstrip(".")
        return name in hosts or name == "localhost" or name.endswith(".localhost") or _is_ip(name)
    except ValueError:
        return False


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
