"""Files of a new aggregate, each derived from the source file of users.

Most differ only in names. A file that depends on the fields has a template; a test checks that the
template renders exactly the source file for the fields of users.
"""

from collections.abc import Iterator
from pathlib import Path

from new_aggregate import TEMPLATES, texts_of
from new_aggregate.aggregate import PROGRAMS, Aggregate
from new_aggregate.fields import Field
from new_aggregate.migrations import joined
from new_aggregate.words import reworded

CONTRACTS = (
    "schemas/avro/user_event.avsc",
    *(
        f"schemas/openapi/{name}.yaml"
        for name in ("user", "command-api", "query-api", "search-api")
    ),
    *(f"schemas/proto/user/v1/{name}.proto" for name in ("user", "commands", "queries", "search")),
    "schemas/views/opensearch-users.json",
    *(
        f"schemas/src/user_contracts/{name}"
        for name in (
            "__init__.py",
            "user_event.py",
        )
    ),
)
# The pages of users' services and contracts apply to every aggregate.
NOT_COPIED = {"tests", "__pycache__", "README.md", "former_index.py"}
JINJA = texts_of(TEMPLATES)


def files(aggregate: Aggregate, root: Path) -> dict[Path, str]:
    """Return the content of each file by its path below the root."""
    named = {path: (root / path).read_text("utf-8") for path in sources(root)}
    named |= {path: render(path, aggregate.fields) for path in templates()}
    made = {Path(reworded(str(path), aggregate)): text for path, text in joined(named.items())}
    return {
        path: text if path.suffix == ".lock" else reworded(text, aggregate)
        for path, text in made.items()
    }


def templates() -> list[Path]:
    """Return the paths of the source files that have a template."""
    found = TEMPLATES.rglob("*.jinja")
    return sorted(file.relative_to(TEMPLATES).with_suffix("") for file in found)


def render(path: Path, fields: list[Field], *, plain: bool = True) -> str:
    """Render the file for users with these fields; plain: the fields are not a person's names."""
    kinds = sorted({field.kind.python for field in fields}, reverse=True)
    return JINJA.get_template(f"{path}.jinja").render(
        fields=fields,
        texts=[field for field in fields if field.type == "text"],
        others=[field for field in fields if field.type != "text"],
        integers=[field for field in fields if field.type == "integer"],
        booleans=[field for field in fields if field.type == "boolean"],
        dates=[field for field in fields if field.type == "date"],
        field_names=", ".join(field.name for field in fields),
        kinds=" | ".join(kinds),
        conversions=", ".join(sorted({field.kind.conversion for field in fields})),
        tuple=f"tuple[{', '.join(field.kind.python for field in fields)}]",
        example=", ".join(f'"{field.name}": {field.in_python}' for field in fields),
        arguments=", ".join(f"{field.name}={field.in_python}" for field in fields),
        plain=plain,
        names="fields" if plain else "names",
        values="values" if plain else "names",
        value="value" if plain else "name",
    )


def sources(root: Path) -> Iterator[Path]:
    """Yield the source files of users, below the root."""
    yield from map(Path, CONTRACTS)
    for service in (name for name in PROGRAMS if (root / "services" / name).is_dir()):
        for file in sorted((root / "services" / service).rglob("*")):
            path = file.relative_to(root)
            if (
                file.is_file()
                and not NOT_COPIED.intersection(path.parts)
                and "egg" not in path.name
            ):
                yield path
