"""A field named like a word of SQL is refused, or its name is quoted in all generated SQL."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from new_aggregate import ROOT, Refused, registered, reserved, written
from new_aggregate.aggregate import Aggregate, requested

FILE = Path(__file__).with_name("mysql-keywords.txt")
KEYWORDS = FILE.read_text("utf-8").split("\n", 1)[1].lower().split()
MARK = "marker_of_a_field"
BARE = re.compile(rf"(?<!`){MARK}|{MARK}(?!`)")
SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|GRANT)\b")


@pytest.fixture(scope="module")
def link() -> Aggregate:
    return requested("link", f"{MARK}:text(9) due:date paid:boolean", None, ROOT / "nowhere")


def refusal(word: str) -> str:
    """What is wrong with a field of this name; empty: it is taken."""
    try:
        requested("link", f"title:text(100) {word}:text(200)", None, ROOT / "nowhere")
    except Refused as refused:
        return str(refused)
    return ""


def test_every_keyword_is_accepted_or_refused_with_a_reason() -> None:
    refused = {word: reason for word in KEYWORDS if (reason := refusal(word))}
    for word, reason in refused.items():
        assert reason.startswith(f"{word}: "), reason
        assert (
            "a reserved word of SQL or Python" in reason
            or "every aggregate uses this name" in reason
        ), reason
    assert {"url", "manual", "uri", "status", "comment"}.isdisjoint(refused)
    assert {word.lower() for word in reserved("mysql")} <= refused.keys()


def test_a_name_in_a_migration_is_quoted(link: Aggregate) -> None:
    scripts = {
        path: re.sub(r"^--.*", "", text, flags=re.MULTILINE)
        for path, text in written.files(link, ROOT).items()
        if path.suffix == ".sql"
    }
    assert any(MARK in script for script in scripts.values())
    assert [path for path, script in scripts.items() if BARE.search(script)] == []


def test_generated_python_quotes_fields_in_sql(link: Aggregate) -> None:
    """The event store's statements are the library's, which quotes all columns."""
    named = [text for _, text in texts(link) if MARK in text]
    assert named
    assert [text for text in named if SQL.search(text)] == []


def texts(link: Aggregate) -> Iterator[tuple[Path, str]]:
    """Every string of the programs that are written."""
    for path, code in written.files(link, ROOT).items():
        if path.suffix == ".py":
            nodes = ast.walk(ast.parse(code, str(path)))
            constants = (node.value for node in nodes if isinstance(node, ast.Constant))
            yield from ((path, value) for value in constants if isinstance(value, str))


def test_a_database_named_like_a_reserved_word_is_quoted() -> None:
    group = requested("group", "note:text(9)", None, ROOT / "nowhere")
    assert group.plural.upper() in reserved("mysql")
    rights = registered.files(group, ROOT)[Path("infra/mysql/users.sql")]
    own = rights.split("-- groups:", 1)[1]
    assert re.findall(r"(?<!`)\bgroups\b(?!`)", re.sub(r"--.*", "", own)) == []
    assert "CREATE DATABASE IF NOT EXISTS `groups`" in own
