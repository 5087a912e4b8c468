"""The entries of a new aggregate in the files that all share, each made from that of users."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tomlkit

from new_aggregate import FRAGMENTS, kubernetes, texts_of
from new_aggregate.aggregate import LIVING, Aggregate
from new_aggregate.composed import compose, proxy, published
from new_aggregate.words import reworded

JINJA = texts_of(FRAGMENTS)
PROJECTOR = "(?:redis|search)-projector"
SERVER_ID = 5401  # of the connector of users, among MySQL's replicas
# MySQL's BOOLEAN is TINYINT(1), which without it is a number on the topic.
BOOLEANS = """\
  "converters": "boolean",
  "boolean.type": "io.debezium.connector.binlog.converters.TinyIntOneToBooleanConverter",
"""
Edit = Callable[[str, Aggregate], str]


def files(aggregate: Aggregate, root: Path) -> dict[Path, str]:
    """Path below the root → its new content."""
    edited = {
        path: edit((root / path).read_text("utf-8"), aggregate) for path, edit in EDITS.items()
    }
    return own(aggregate, root) | {Path(path): text for path, text in edited.items()}


def own(aggregate: Aggregate, root: Path) -> dict[Path, str]:
    """Its own files in infra; path below the root → content."""
    name = aggregate.name
    connector = (root / "infra/connect/user-events.json").read_text("utf-8")
    made = {
        f"infra/aggregates/{name}.yaml": _fragment("aggregate.yaml", aggregate),
        f"infra/connect/{name}-events.json": _connector(connector, aggregate),
        f"infra/prometheus/{name}-alerts.yml": _fragment("alerts.yml", aggregate),
        **{
            f"infra/development-secrets/{name}_{user}": f"development-only-{name}_{user}"
            for user in ("command_api", "auditor", "redis_projector", "query_api")
        },
        **dict(kubernetes.made(aggregate, root)),
    }
    return {Path(path): text for path, text in made.items()}


def _fragment(name: str, aggregate: Aggregate) -> str:
    return JINJA.get_template(f"{name}.jinja").render(
        name=aggregate.name,
        plural=aggregate.plural,
        fields=" ".join(field.said for field in aggregate.fields),
        ports=aggregate.ports,
        programs=list(aggregate.ports),
    )


def _connector(text: str, aggregate: Aggregate) -> str:
    """A connector of its own, with its own place in the binlog: one that fails stops no other."""
    text = re.sub(r"\bcdc\b", f"{aggregate.name}-cdc", reworded(text, aggregate))
    if any(field.type == "boolean" for field in aggregate.fields):
        text = text.replace('  "tombstones.on.delete"', f'{BOOLEANS}  "tombstones.on.delete"')
    return text.replace(f'"{SERVER_ID}"', f'"{SERVER_ID + aggregate.number}"')


def _topics(text: str, aggregate: Aggregate) -> str:
    own = text[text.index("user.events:") :].split("\n# Of ", 1)[0]
    own = re.sub(r" # SETUP_KAFKA_\w+ overrides", "", own)
    own = re.sub(r"\bcdc\b", f"{aggregate.name}-cdc", reworded(own, aggregate))
    return f"{text}\n# Of {aggregate.plural}, the same.\n{own}"


def _mysql_users(text: str, aggregate: Aggregate) -> str:
    return text + _fragment("users.sql", aggregate)


def _redis_users(text: str, aggregate: Aggregate) -> str:
    lines = re.findall(r"^user ((?:redis_projector|query_api) .*)$", text, re.MULTILINE)
    own = "".join(f"user {reworded(line, aggregate)}\n" for line in lines)
    return f"{text}# Of {aggregate.plural}, the same.\n{own}"


def _scraped(text: str, aggregate: Aggregate) -> str:
    for program in LIVING:
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
    # The words of another aggregate may be longer than those of users; the formatter breaks code.
    # A field may be a boolean.
    for folder in ("services/{}-*/**", "schemas/src/{}_contracts/**"):
        tool["ruff"]["lint"]["per-file-ignores"][folder.format(aggregate.name)] = ["E501", "FBT001"]
    for projector in ("redis-projector", "search-projector"):
        _source(tool, reworded(projector, aggregate))
    _widen(tool["mypy"]["mypy_path"], aggregate)
    _widen(linter["root_packages"], aggregate)
    for override in tool["mypy"]["overrides"]:
        _widen(override["module"], aggregate)
    for contract in linter["contracts"]:
        for modules in ("modules", "source_modules", "forbidden_modules"):
            _widen(contract.get(modules, []), aggregate)
    return tomlkit.dumps(project) + "".join(_layers(text, aggregate))


def _layers(text: str, aggregate: Aggregate) -> Iterator[str]:
    """The contracts on the insides of the services of users, for those of the other aggregate."""
    for contract in re.findall(r"\[\[tool\.importlinter\.contracts\]\]\n(?:.+\n)+", text):
        if re.search(rf'^name = "({"|".join(LIVING)}):', contract, re.MULTILINE):
            yield "\n" + reworded(contract, aggregate)


def _source(tool: Any, program: str) -> None:
    """view-verifier needs the projectors' packages, which are in no registry."""
    source = tomlkit.inline_table()
    source["workspace"] = True
    tool["uv"]["sources"][program] = source


def _beside(lines: str) -> Edit:
    """An edit: after each line that matches, the same of the other aggregate."""
    found = re.compile(lines, re.MULTILINE)
    return lambda text, aggregate: found.sub(lambda one: one[0] + reworded(one[0], aggregate), text)


def _views(text: str, aggregate: Aggregate) -> str:
    """Its two views in the table of view-verifier, with what they import."""
    entries = re.findall(rf'    "{PROJECTOR}": KnownView\(\n(?:        .*\n)+    \),\n', text)
    own = "".join(reworded(entry, aggregate) for entry in entries)
    imports = r"^import (?:redis_projector|search_projector|user_contracts)\b.*\n"
    return _beside(imports)(text.replace("\n}\n", f"\n{own}}}\n"), aggregate)


def _widen(names: Any, aggregate: Aggregate) -> None:
    """Beside each name of users' the other aggregate's."""
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
    "infra/view_verifier/pyproject.toml": _beside(rf'^    "{PROJECTOR}",\n'),
    "infra/view_verifier/src/view_verifier/views.py": _views,
    "pyproject.toml": _project,
    "schemas/generate.py": _generated,
    "tests/system/compose/published.yaml": published,
    **kubernetes.EDITS,
}
