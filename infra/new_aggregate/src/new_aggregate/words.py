"""Rename the identifiers of users to those of another aggregate."""

import re

from new_aggregate.aggregate import PROGRAMS, STRIDE, Aggregate

PORTS = {port for ports in PROGRAMS.values() for port in ports.values()}

# Text that stays: users of MySQL, Redis, Kafka or a container, and renames of columns.
UNCHANGED = [
    r"(mysql|MYSQL|redis|REDIS|kafka|KAFKA)_(user|USER)\b|OPENSEARCH_USER",
    r"KafkaUser|runAsUser|OpensearchUser(RoleBinding)?|\n  users: \[",  # of Kubernetes
    r"username|mysql-users|users\.(acl|sql)|database\.user",
    r"\buser(?=: str,\s+password|=settings|=user\b|=\")|(?<=user=)user\b",
    r"container's user",
    r"[Tt]hat user's password|[Oo]f that user\b|A user who may",
    r"(MySQL|Redis|Kafka|OpenSearch) user\b",
    r"renumbered, renamed",
    r"schemas/(?:views|tables)/[a-z-]+\.md",  # pages that hold for any aggregate
]
PROGRAM = re.compile(
    r"(?<![\w-])((command|query|search)[-_]api|(redis|search)[-_]projector)", re.IGNORECASE
)
# Users have UserRenamed; an aggregate whose fields are not names has OrderChanged.
IDENTIFIERS = (
    ("NewNames", "NewValues"),
    ("Renamed", "Changed"),
    ("renamed", "changed"),
    ("Rename", "Change"),
    ("rename", "change"),
)


def reworded(text: str, aggregate: Aggregate) -> str:
    """Return the text with the other aggregate's names and ports; users of servers stay."""
    pieces, at = [], 0
    for kept in re.finditer("|".join(UNCHANGED), text):
        pieces += [_words(text[at : kept.start()], aggregate), kept[0]]
        at = kept.end()
    return "".join([*pieces, _words(text[at:], aggregate)])


def _words(text: str, aggregate: Aggregate) -> str:
    for before, after in IDENTIFIERS:
        text = text.replace(before, after)
    if aggregate.name[0] in "aeiou":
        text = re.sub(r"\b([Aa]) (?=user|User)", r"\1n ", text)
    for before, after in (("users", aggregate.plural), ("user", aggregate.name)):
        for form in (str, str.capitalize, str.upper):
            text = text.replace(form(before), form(after))
    text = re.sub(r"\bauditor\b", f"{aggregate.name}_auditor", text)
    text = PROGRAM.sub(lambda found: _prefixed(found[0], aggregate.name), text)
    more = {port: port + aggregate.number * STRIDE for port in PORTS}
    return re.sub(r"\b[0-9]{4}\b", lambda found: str(more.get(int(found[0]), found[0])), text)


def _prefixed(program: str, name: str) -> str:
    separator = "-" if "-" in program else "_"
    return (name.upper() if program.isupper() else name) + separator + program
