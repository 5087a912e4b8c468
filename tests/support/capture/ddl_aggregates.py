"""Migrations of generated aggregates whose fields are named after MySQL's keywords."""

from collections.abc import Iterator
from pathlib import Path

from new_aggregate import ROOT, Refused, written
from new_aggregate.aggregate import requested
from tests.support.capture.ddl_corpus import Keywords, Statement

FIELDS = 28  # of an aggregate


def of_new_aggregates(keywords: Keywords) -> Iterator[Statement]:
    """Yield migrations of generated aggregates whose fields are named after MySQL's keywords."""
    words = [word.lower() for word, _ in keywords if is_taken(word.lower())]
    for start in range(0, len(words), FIELDS):
        name = f"link{chr(ord('a') + start // FIELDS)}"
        fields = " ".join(f"{word}:text(9)" for word in words[start : start + FIELDS])
        aggregate = requested(name, fields, None, ROOT / "nowhere")
        path = Path(f"services/{name}-command-api/src/{name}_command_api/migrations")
        migrations = written.files(aggregate, ROOT)[path / f"0001-{name}-event.sql"]
        table, _, _ = migrations.partition(";\n")
        yield Statement("new-aggregate", table)


def is_taken(word: str) -> bool:
    try:
        requested("link", f"{word}:text(9)", None, ROOT / "nowhere")
    except Refused:
        return False
    return True
