"""Manifests of a new aggregate in infra/k8s: its own files are in folders of its name.

In the shared files, each line about users' programs and Secrets is repeated for the new aggregate.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from local_stack.addresses import APIS, SERVICES
from new_aggregate.aggregate import Aggregate
from new_aggregate.words import reworded

BASE, DEV, PRODUCTION = (
    Path("infra/k8s") / f for f in ("base", "overlays/dev", "overlays/production")
)
OURS = "|".join(SERVICES)
JOBS = "migrate|view-verifier"
LISTED = {
    BASE: {
        "programs.yaml": [
            *(f"{service}.yaml" for service in SERVICES),
            *("jobs.yaml", "view-verifier.yaml"),
        ],
        "network-policies.yaml": ["network-policies-services.yaml"],
    },
    DEV: {"anonymous.yaml": ["anonymous.yaml"]},
    PRODUCTION: {
        "resources.yaml": ["kafka-users.yaml", "opensearch-users.yaml", "scaling.yaml"],
        "patches.yaml": ["apis.yaml", "projectors.yaml", "jobs.yaml", "view-verifier.yaml"],
    },
}
"""Own files by folder, each with the source files of users whose documents it copies."""

DOCUMENT = re.compile(rf"^  name: (?:kafka-)?(?:{OURS}|{JOBS})$", re.MULTILINE)
FROM_CANARY_OR_CONSOLE = re.compile(
    r"    - from:\n(?: +- .*name: (?:canary|console)\}.*\n)+ +ports: .*\n"
)
PEER = rf"^ +- \{{?podSelector: .*name: (?:{OURS}|{JOBS})\}}.*\n"
STORE_USER = re.compile(rf"\b(mysql|redis|opensearch|kafka)-(?:\w+_)?({OURS}|auditor)\b")
LOGIN = (
    r"^.*\b(?:mysql-(?:command-api|auditor)|redis-(?:redis-projector|query-api)"
    r"|opensearch-search-(?:projector|api))\b.*\n"
)
# Rights of the setup, Connect and KEDA; the projectors have their own Kafka users.
RIGHT = (
    r"^.*name: (?:cdc\b|(?:user\.events|(?:redis|search)-projector), patternType: "
    r"(?:prefix|literal\}, operations: \[(?:Write, )?Describe\])).*\n"
)
IMAGE = rf"^  - \{{name: people/(?:{OURS}), .*\n"
CONNECTIONS = (
    180  # of MySQL: 16 for each of ten command-apis and one more during a rollout, and a few others
)


def made(aggregate: Aggregate, root: Path) -> Iterator[tuple[str, str]]:
    """Yield path below the root and content of the aggregate's own files."""
    for folder, own in LISTED.items():
        for name, sources in own.items():
            texts = [(root / folder / one).read_text("utf-8") for one in sources]
            yield str(folder / aggregate.name / name), _documents("---\n".join(texts), aggregate)
    resources = "".join(f"  - {name}\n" for name in LISTED[BASE])
    head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"
    yield str(BASE / aggregate.name / "kustomization.yaml"), head + resources


def _documents(text: str, aggregate: Aggregate) -> str:
    kept = [one.strip("\n") for one in text.split("---\n") if DOCUMENT.search(one)]
    text = FROM_CANARY_OR_CONSOLE.sub("", "\n---\n".join(kept) + "\n")
    return _renamed(text.replace("  ingress:\n  egress:", "  egress:"), aggregate)


def _renamed(text: str, aggregate: Aggregate) -> str:
    """Replace names; a store's user and its Secret start with the store's name."""
    name = aggregate.name
    text = STORE_USER.sub(rf"\1-{name}-\2", reworded(text, aggregate))
    text = re.sub(r"(setup_mysql_)(command_api|auditor)", rf"\1{name}_\2", text)
    text = re.sub(r"\bcdc\b", f"{name}-cdc", text)
    return re.sub(rf"(name: )({JOBS})\b", rf"\1{name}-\2", text)


def _repeated(lines: str) -> Callable[[str, Aggregate], str]:
    """Return an edit that repeats each matching line for the new aggregate."""
    found = re.compile(lines, re.MULTILINE)
    return lambda text, aggregate: found.sub(lambda one: one[0] + _renamed(one[0], aggregate), text)


def _base(text: str, aggregate: Aggregate) -> str:
    return text.replace("patches:\n", f"  - {aggregate.name}\npatches:\n", 1)


def _overlay(folder: Path) -> Callable[[str, Aggregate], str]:
    """Return an edit of an overlay's kustomization that adds the aggregate's files and images."""

    def listed(text: str, aggregate: Aggregate) -> str:
        for name, sources in LISTED[folder].items():
            line = re.compile(rf"^(  - (?:path: )?){re.escape(sources[-1])}\n", re.MULTILINE)
            text = line.sub(rf"\g<0>\g<1>{aggregate.name}/{name}\n", text)
        return _repeated(IMAGE)(text, aggregate)

    return listed


def _token_keys(text: str, aggregate: Aggregate) -> str:
    apis = ", ".join(APIS)
    return text.replace(f"[{apis}", f"[{apis}, {_renamed(apis, aggregate)}")


def _connections(text: str, _aggregate: Aggregate) -> str:
    most = r"(?<=max-connections = )\d+"
    return re.sub(most, lambda found: str(int(found[0]) + CONNECTIONS), text)


EDITS: dict[str, Callable[[str, Aggregate], str]] = {
    "infra/development-secrets/kustomization.yaml": _repeated(LOGIN),
    "infra/k8s/README.md": _repeated(LOGIN),
    f"{BASE}/jobs.yaml": _repeated(LOGIN),
    f"{BASE}/kafka.yaml": _repeated(PEER),
    f"{BASE}/kustomization.yaml": _base,
    f"{BASE}/network-policies-servers.yaml": _repeated(PEER),
    f"{DEV}/kustomization.yaml": _overlay(DEV),
    f"{DEV}/redis.yaml": _repeated(LOGIN),
    f"{PRODUCTION}/jobs.yaml": _repeated(LOGIN),
    f"{PRODUCTION}/kafka.yaml": _repeated(PEER),
    f"{PRODUCTION}/kafka-users.yaml": _repeated(RIGHT),
    f"{PRODUCTION}/kustomization.yaml": _overlay(PRODUCTION),
    f"{PRODUCTION}/mysql.yaml": _connections,
    f"{PRODUCTION}/network-policies.yaml": _token_keys,
}
