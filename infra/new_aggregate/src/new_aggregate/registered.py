"""Entries of a new aggregate in the shared files, each derived from the entry of users."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tomlkit

from new_aggregate import FRAGMENTS, kubernetes, texts_of
from new_aggregate.aggregate import PROGRAMS, Aggregate
from new_aggregate.composed import compose, proxy, published
from new_aggregate.words import reworded

JINJA = texts_of(FRAGMENTS)
PROJECTOR = "(?:redis|search)-projector"
SERVER_ID = 5401  # server id of users' connector in MySQL's replication
# MySQL's BOOLEAN is TINYINT(1); without this converter the topic has a number.
BOOLEANS = """\
  "converters": "boolean",
  "boolean.type": "io.debezium.connector.binlog.converters.TinyIntOneToBooleanConverter",
"""
Edit = Callable[[str, Aggregate], str]


def files(aggregate: Aggregate, root: Path) -> dict[Path, str]:
    """Return the new content of each changed file by its path below the root."""
    edited = {
        path: edit((root / path).read_text("utf-8"), aggregate) for path, edit in EDITS.items()
    }
    return own(aggregate, root) | {Path(path): text for path, text in edited.items()}


def own(aggregate: Aggregate, root: Path) -> dict[Path, str]:
    """Return the aggregate's own files in infra by path below the root."""
    name = aggregate.name
    connector = (root / "infra/connect/user-events.json").read_text("utf-8")
    made = {
        f"infra/aggregates/{name}.yaml": _render("aggregate.yaml", aggregate),
        f"infra/connect/{name}-events.json": _connector(connector, aggregate),
        f"infra/prometheus/{name}-alerts.yml": _render("alerts.yml", aggregate),
        **{
            f"infra/development-secrets/{name}_{user}": f"development-only-{name}_{user}"
            for user in ("command_api", "auditor", "redis_projector", "query_api")
        },
        **dict(kubernetes.made(aggregate, root)),
    }
    return {Path(path): text for path, text in made.items()}


def _render(name: str, aggregate: Aggregate) -> str:
    return JINJA.get_template(f"{name}.jinja").render(
        name=aggregate.name,
        plural=aggregate.plural,
        fields=" ".join(field.spec for field in aggregate.fields),
        ports=aggregate.ports,
        programs=list(aggregate.ports),
    )


def _connector(text: str, aggregate: Aggregate) -> str:
    """Return a separate connector with its own binlog position, so its failure stops no other."""
    text = re.sub(r"\bcdc\b", f"{aggregate.name}-cdc", reworded(text, aggregate))
    if any(field.type == "boolean" for field in aggregate.fields):
        text = text.replace('  "tombstones.on.delete"', f'{BOOLEANS}  "tombstones.on.delete"')
    return text.replace(f'"{SERVER_ID}"', f'"{SERVER_ID + aggregate.number}"')


def _topics(text: str, aggregate: Aggregate) -> str:
    own = text[text.index("user.events:") :].split("\n# The same for ", 1)[0]
    own = re.sub(r" # SETUP_KAFKA_\w+ overrides", "", own)
    own = re.sub(r"\bcdc\b", f"{aggregate.name}-cdc", reworded(own, aggregate))
    return f"{text}\n# The same for {aggregate.plural}.\n{own}"


def _mysql_users(text: str, aggregate: Aggregate) -> str:
    return text + _render("users.sql", aggregate)


def _redis_users(text: str, aggregate: Aggregate) -> str:
    lines = re.findall(r"^user ((?:redis_projector|query_api) .*)$", text, re.MULTILINE)
    own = "".join(f"user {reworded(line, aggregate)}\n" for line in lines)
    return f"{text}# The same for {aggregate.plural}.\n{own}"


def _scraped(text: str, aggregate: Aggregate) -> str:
    for program in PROGRAMS:
        entry = re.search(rf"  - job_name: {program}\n    .*\n", text)
        if entry:
            own = entry[0] if program == "connector-supervisor" else reworded(entry[0], aggregate)
            own = re.sub(
                r"(?<!-)connector-supervisor", f"{aggregate.name}-connector-supervisor", own
            )
            text += own
    return text


def _passwords(text: str, aggregate: Aggregate) -> str:
    (line,) = re.findall(r"    auditor_password.*\n", text)
    own = "".join(
        f'    {user}_password: SecretStr = Field(description="Password of the user `{user}`.")\n'
        for user in (f"{aggregate.name}_command_api", f"{aggregate.name}_auditor")
    )
    return text.replace(line, line + own)


def _generated(text: str, aggregate: Aggregate) -> str:
    name = aggregate.name
    line = f'    Aggregate("{name}", "{aggregate.plural}", prefix="{name}-"),\n'
    marker = "    # `make new-aggregate` adds a line here.\n"
    return text.replace(marker, line + marker)


def _project(text: str, aggregate: Aggregate) -> str:
    project = tomlkit.parse(text)
    tool: Any = project["tool"]
    linter = tool["importlinter"]
    # The new names may be longer than `user`; the formatter breaks code but not strings.
    # A field may be a boolean.
    for folder in ("services/{}-*/**", "schemas/src/{}_contracts/**"):
        tool["ruff"]["lint"]["per-file-ignores"][folder.format(aggregate.name)] = ["E501", "FBT001"]
    for projector in ("redis-projector", "search-projector"):
        _source(tool, reworded(projector, aggregate))
    _add_names(tool["mypy"]["mypy_path"], aggregate)
    _add_names(linter["root_packages"], aggregate)
    for override in tool["mypy"]["overrides"]:
        _add_names(override["module"], aggregate)
    for contract in linter["contracts"]:
        for modules in ("modules", "source_modules", "forbidden_modules"):
            _add_names(contract.get(modules, []), aggregate)
    return tomlkit.dumps(project) + "".join(_layers(text, aggregate))


def _layers(text: str, aggregate: Aggregate) -> Iterator[str]:
    """Yield the import contracts of users' services for the services of the new aggregate."""
    for contract in re.findall(r"\[\[tool\.importlinter\.contracts\]\]\n(?:.+\n)+", text):
        if re.search(rf'^name = "({"|".join(PROGRAMS)}):', contract, re.MULTILINE):
            yield "\n" + reworded(contract, aggregate)


def _source(tool: Any, program: str) -> None:
    """Add the projector as a workspace package, since no package registry has it."""
    source = tomlkit.inline_table()
    source["workspace"] = True
    tool["uv"]["sources"][program] = source


def _repeated(lines: str) -> Edit:
    """Return an edit that repeats each matching line for the new aggregate."""
    found = re.compile(lines, re.MULTILINE)
    return lambda text, aggregate: found.sub(lambda one: one[0] + reworded(one[0], aggregate), text)


def _views(text: str, aggregate: Aggregate) -> str:
    """Add the aggregate's two views to the table of view-verifier, with their imports."""
    entries = re.findall(rf'    "{PROJECTOR}": KnownView\(\n(?:        .*\n)+    \),\n', text)
    own = "".join(reworded(entry, aggregate) for entry in entries)
    imports = r"^import (?:redis_projector|search_projector|user_contracts)\b.*\n"
    return _repeated(imports)(text.replace("\n}\n", f"\n{own}}}\n"), aggregate)


def _add_names(names: Any, aggregate: Aggregate) -> None:
    """Add the new aggregate's name after each name of users."""
    for one in list(names):
        other = reworded(str(one), aggregate)
        if other not in names:
            names.append(other)


EDITS: dict[str, Edit] = {
    "compose.yaml": compose,
    "infra/kafka/topics.yaml": _topics,
    "infra/mysql/users.sql": _mysql_users,
    "infra/prometheus/prometheus.yml": _scraped,
    "infra/proxy/haproxy.cfg": proxy,
    "infra/redis/users.acl": _redis_users,
    "infra/setup/src/platform_setup/mysql_users.py": _passwords,
    "infra/view_verifier/pyproject.toml": _repeated(rf'^    "{PROJECTOR}",\n'),
    "infra/view_verifier/src/view_verifier/views.py": _views,
    "pyproject.toml": _project,
    "schemas/generate.py": _generated,
    "tests/system/compose/published.yaml": published,
    **kubernetes.EDITS,
}
