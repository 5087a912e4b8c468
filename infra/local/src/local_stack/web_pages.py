"""Servers without a login reject requests of web pages (docs/decisions/0050)."""

import httpx2

from local_stack import StackError, health
from local_stack.layout import INFRA
from local_stack.programs import Context

RULES = INFRA / "local" / "web_pages"
FOREIGN = "page.invalid"  # RFC 6761: a name that never resolves


def agent(context: Context, server: str) -> list[str]:
    """Return JVM options by which Byteman injects the rule of web_pages/<server>.btm."""
    (jar,) = context.software.byteman.glob("*.jar")
    return [f"-javaagent:{jar}=script:{RULES / server}.btm"]


def healthy(url: str) -> None:
    """Check that the server answers, and rejects a web page's host name; raise StackError if not.

    A rule whose method is no longer in the server has no effect: only this check would notice.
    """
    health.get(url)
    answer = health.http().get(url, headers={"Host": FOREIGN})
    if answer.status_code != httpx2.codes.FORBIDDEN:
        raise StackError(f"{url} returned {answer.status_code} to a web page: see {RULES}")
