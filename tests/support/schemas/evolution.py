"""Gate for versions of an Avro record: FULL_TRANSITIVE, and no renames."""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import parse

PUBLISHED = Path(__file__).parents[3] / "schemas" / "samples" / "user_event"
Schema = dict[str, Any]


def published(folder: Path = PUBLISHED) -> list[Schema]:
    """Return every published version of an event, oldest first."""
    numbered = {int(re.sub(r"\D", "", path.stem)): path for path in folder.glob("v*.avsc")}
    return [json.loads(numbered[number].read_text("utf-8")) for number in sorted(numbered)]


def objections(history: Sequence[Schema]) -> list[str]:
    """Return violations in these versions, oldest first; empty: each may follow all before it."""
    return [
        f"version {newer + 1} after version {older + 1}: {what}"
        for newer in range(len(history))
        for older in range(newer)
        for what in _incompatible(history[older], history[newer])
    ] + [
        f"version {number} removes {gone} and adds {new} at once: valid for Avro, but for "
        "readers it is a rename, and the values are lost"
        for number, (older, newer) in enumerate(pairwise(history), start=2)
        if (gone := _names(older) - _names(newer)) and (new := _names(newer) - _names(older))
    ]


def _incompatible(older: Schema, newer: Schema) -> Iterator[str]:
    """Yield why the newer version cannot read what the older one wrote, or vice versa."""
    for role, reader, writer in (("new readers", newer, older), ("old readers", older, newer)):
        checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]
        found = checker.get_compatibility(parse(json.dumps(reader)), parse(json.dumps(writer)))
        if found.compatibility is not SchemaCompatibilityType.compatible:
            yield f"{role} fail at {sorted(found.locations - {'/'})}: {sorted(found.messages)}"


def _names(schema: Schema) -> set[str]:
    return {field["name"] for field in schema["fields"]}
