"""Requests of web pages are refused inside the servers that have no login (docs/decisions/0050)."""

import httpx2

from local_stack import StackError, health
from local_stack.layout import INFRA
from local_stack.programs import Context

RULES = INFRA / "local" / "web_pages"
FOREIGN = "page.invalid"  # RFC 6761: a name that nobody has


def agent(context: Context, server: str) -> list[str]:
    """Options of a JVM in which Byteman puts the rule of web_pages/<server>.btm into the server."""
    (jar,) = context.software.byteman.glob("*.jar")
    return [f"-javaagent:{jar}=script:{RULES / server}.btm"]


def healthy(url: str) -> None:
    """Check that the server answers, and refuses the name of a page; raise StackError if not.

    A rule whose method is not in the server any more does nothing: without this nobody would see.
    """
    health.get(url)
    answer = health.http().get(url, headers={"Host": FOREIGN})
    if answer.status_code != httpx2.codes.FORBIDDEN:
        raise StackError(f"{url} answers {answer.status_code} to a web page: see {RULES}")
