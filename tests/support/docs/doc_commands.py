"""Handling of each command on a page: run in the clone, or proved by another file."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.docs.page import ROOT

OFFSET = 12000  # beside a running system and the tests' own
ADMIN_PORT = 9099 + OFFSET  # of a service that runs beside those of the system
EXAMPLE = "17"  # offset of a dead letter in the docs
LETTER = "$LETTER"  # offset of an existing dead letter


@dataclass(frozen=True, slots=True)
class Typed:
    """A command, as it is run."""

    command: str
    needs: str = ""  # a program that `make check` builds


@dataclass(frozen=True, slots=True)
class Shown:
    """A command that is not run here, and the file that contains it."""

    where: str
    words: str

    def is_there(self) -> bool:
        return self.words in (ROOT / self.where).read_text("utf-8")


How = Callable[[re.Match[str]], Typed | Shown]


def as_it_stands(found: re.Match[str]) -> Typed:
    return Typed(_with_ports(found[0]))


def by_ci(found: re.Match[str]) -> Shown:
    return Shown(".ci/run", found[0])


def dry(found: re.Match[str]) -> Typed:
    """Dry run: too long for CI, ten minutes to an hour each."""
    return Typed(f"make -n {found[1]}")


def collected(found: re.Match[str]) -> Typed:
    """Collect only: `make check` runs these tests."""
    return Typed(f"{found[0]} --collect-only")


def with_grpcurl(found: re.Match[str]) -> Typed:
    return Typed(_with_ports(found[0]), needs="grpcurl")


def outside(found: re.Match[str]) -> Typed:
    """Run a container's command without the container."""
    settings = f". .local/dev/env/{found[1]}.env"
    return Typed(f"(set -a; {settings}; .venv/bin/{found[2]})")


def until_ready(found: re.Match[str]) -> Typed:
    """Run a service until it is ready, and stop it; its last log event must be "stopped"."""
    prefix = found[1].upper().replace("-", "_")
    servers = ("HTTP", "GRPC") if prefix.endswith("API") else ()
    ports = " ".join(f"{prefix}_{server}_PORT=0" for server in servers)
    log = f".local/{found[1]}.log"
    run = f"timeout --preserve-status 90 env {ports} {prefix}_ADMIN_PORT={ADMIN_PORT} {found[0]}"
    ready = f"curl -sf localhost:{ADMIN_PORT}/readyz"
    wait = f"until {ready} || ! kill -0 $!; do sleep 0.2; done; {ready}; READY=$?"
    stop = f'kill $!; wait $!; cat {log}; [ $READY = 0 ] && grep -q \'"event": "stopped"\' {log}'
    return Typed(f"{run} >{log} 2>&1 & {wait}; {stop}")


def of_a_dead_letter(found: re.Match[str]) -> Typed:
    return Typed(found[0].replace(EXAMPLE, LETTER))


def shorter(found: re.Match[str]) -> Typed:
    return Typed(re.sub(r"--seconds \d+", "--seconds 2", found[0]))


def followed(found: re.Match[str]) -> Typed:
    """Follow a log for some seconds."""
    return Typed(f"timeout 3 {found[0]}; [ $? = 124 ]")


def named(where: str, words: str) -> How:
    """Do not run the command: CI runs it elsewhere, or it needs a container engine or a cluster."""

    def shown(found: re.Match[str]) -> Shown:
        return Shown(found.expand(where), words)

    return shown


SERVICES = "command-api|query-api|search-api|redis-projector|search-projector"
RULES: list[tuple[str, How]] = [
    (r"make (?:check|test|test-clusters|test-compose)", by_ci),
    (r"make test-kubernetes(?:-node)?", named("Makefile", "$(BIN)/pytest tests/system/kubernetes")),
    (r"make demo", named("tests/component/configuration/test_demo.py", "Try it")),
    (r"make locks", named("Makefile", "locks: $(UV)")),
    (r"make audit", named(".ci/run", ".ci/audit")),
    (r"make site", named("Makefile", "static: types site")),
    (r"make logs .*", followed),
    (r"make (chaos\S*(?: \w+=\d+)?)", dry),
    (r"make .*", as_it_stands),
    (r"curl .*", as_it_stands),
    (r"grpcurl .*", with_grpcurl),
    (r"set -a; \. \S+; set \+a", as_it_stands),
    (rf"\.venv/bin/({SERVICES})", until_ready),
    (rf"\.venv/bin/\S+-projector dead-letters show {EXAMPLE}", of_a_dead_letter),
    (r"\.venv/bin/\S+-projector .*", as_it_stands),
    (r"\.venv/bin/view-verifier .*", as_it_stands),
    (r"\.venv/bin/connector-supervisor \w+", as_it_stands),
    (r'\.venv/bin/pytest (?:-q )?services/\S+ -m "not integration.*', collected),
    (r"\.venv/bin/(?:pytest|local-stack|python -c) .*", as_it_stands),
    (r"\.venv/bin/python -m loadtest\..*", shorter),
    (r"docker compose exec (\S+) (python -m .*)", outside),
    (r"docker compose up --build --wait", named("tests/support/stack/containers.py", '"--wait"')),
    (r"docker compose run --rm (\S+) .*", named("compose.yaml", "  view-verifier:")),
    (r"docker compose build(?: [\w-]+)?", named("compose.yaml", "build:")),
    (r"docker compose exec mysql .*", named("compose.yaml", "  mysql:")),
    (
        r"kubectl (?:create job|logs) -n people .*verify-1.*",
        named("infra/k8s/base/view-verifier.yaml", "kind: CronJob"),
    ),
]
# Commands of these pages have their own tests.
OWN: dict[str, tuple[str, str]] = {
    "docs/tutorial.md": (".*", "tests/system/pages/test_pages.py"),
    "docs/kubernetes.md": (".*", "tests/component/configuration/test_kubernetes_page.py"),
    "docs/erasure.md": (".*", "tests/system/local/test_erasure_on_disk.py"),
    "README.md": (r"(curl|ID=).*", "tests/system/e2e/test_readme.py"),
    "docs/getting-started.md": (r"(curl|ID=).*", "tests/system/e2e/test_readme.py"),
}


def _with_ports(command: str) -> str:
    moved = re.sub(r"localhost:(\d+)", lambda port: f"localhost:{int(port[1]) + OFFSET}", command)
    return moved.replace("connect(host=", f"connect(port={3306 + OFFSET}, host=")


def how(page: str, command: str) -> Typed | Shown:
    """Return how a command is handled; raise AssertionError if no rule matches."""
    words, where = OWN.get(page, ("", ""))
    if re.fullmatch(words, command):
        return Shown(where, page.rpartition("/")[2])
    for pattern, rule in RULES:
        if found := re.fullmatch(pattern, command):
            return rule(found)
    raise AssertionError(f"{page}: no rule for this command: {command}")
