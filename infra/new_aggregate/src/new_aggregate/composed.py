"""Entries of a new aggregate in compose.yaml and in the proxy's configuration."""

import re

from new_aggregate.aggregate import PROGRAMS, Aggregate
from new_aggregate.words import reworded

JOBS = "  # --- one-shot jobs"
SERVERS = "  # --- the servers"
HEALTH = "# The proxy is healthy"
TEST_PORT_OFFSET = 20000  # offset of the published ports in the container tests
VERIFIER = "view-verifier"
RUN_ONCE = ("migrate", VERIFIER)
API = "(?:command|query|search)-api"


def compose(text: str, aggregate: Aggregate) -> str:
    """Add the programs and jobs, and the dependencies, ports and settings of other services."""
    own = {name: _own(_block(text, name), aggregate) for name in (*PROGRAMS, *RUN_ONCE)}
    programs = "".join(own[name] for name in PROGRAMS)
    text = text.replace(JOBS, f"  # --- {aggregate.plural} {'-' * 40}\n\n{programs}{JOBS}")
    text = text.replace(SERVERS, "".join(own[name] for name in RUN_ONCE) + SERVERS)
    for name, entered in (("mysql-users", _in_users), ("redis", _in_redis), ("proxy", _in_proxy)):
        block = _block(text, name)
        text = text.replace(block, entered(block, aggregate))
    users = ("command_api", "auditor", "redis_projector", "query_api")
    lines = [re.search(rf"^  {user}: .*\n", text, re.MULTILINE) for user in users]
    return text + "".join(reworded(line[0], aggregate) for line in lines if line)


def proxy(text: str, aggregate: Aggregate) -> str:
    """Add the APIs' listeners, and make the proxy's health depend on each API."""
    listeners = re.findall(rf"^listen {API}-(?:http|grpc)\n(?:    .+\n)+", text, re.MULTILINE)
    own = "\n".join(reworded(listener, aggregate) for listener in listeners)
    text = text.replace(HEALTH, f"{own}\n{HEALTH}")
    rules = re.findall(rf"    acl unavailable nbsrv\({API}-http\) lt 1\n", text)
    return text.replace(rules[-1], rules[-1] + "".join(reworded(one, aggregate) for one in rules))


def published(text: str, aggregate: Aggregate) -> str:
    """Publish the APIs' ports for the container tests, with the same offset as those of users."""
    lines = re.findall(r"      - 127\.0\.0\.1:\d+:\d+\n", text)
    own = (
        f"      - 127.0.0.1:{port + TEST_PORT_OFFSET}:{port}\n" for port in _listeners(aggregate)
    )
    return text.replace(lines[-1], lines[-1] + "".join(own))


def _listeners(aggregate: Aggregate) -> list[int]:
    ports = aggregate.ports.values()
    return [own[kind] for kind in ("http", "grpc") for own in ports if kind in own]


def _block(text: str, name: str) -> str:
    """Return a service's lines, with the empty line after them."""
    found = re.search(rf"^  {name}:\n(?:    .*\n)+\n?", text, re.MULTILINE)
    if found is None:
        raise ValueError(f"compose.yaml has no service {name}")
    return found[0]


def _own(block: str, aggregate: Aggregate) -> str:
    name = aggregate.name
    block = re.sub(r"\n? +(?=migrate:)", rf"\g<0>{name}-", reworded(block, aggregate))
    if block.startswith(f"  {VERIFIER}:"):
        return f"  {name}-{block.lstrip()}"
    if not block.startswith("  connector-supervisor:"):
        return block
    own = (
        f"      CONNECTOR_SUPERVISOR_CONNECTOR: {name}-events\n"
        f"      CONNECTOR_SUPERVISOR_FILE: /infra/connect/{name}-events.json\n"
    )
    port = f"ADMIN_PORT: {PROGRAMS['connector-supervisor']['admin']}"  # scraped there
    block = re.sub(r"ADMIN_PORT: \d+", port, f"  {name}-{block.lstrip()}")
    return block.replace("    environment:\n", f"    environment:\n{own}")


def _in_users(block: str, aggregate: Aggregate) -> str:
    lines = re.findall(r"      - \{source: (?:command_api|auditor), .*\n", block)
    return block.rstrip("\n") + "\n" + "".join(_secret(line, aggregate) for line in lines) + "\n"


def _secret(line: str, aggregate: Aggregate) -> str:
    return re.sub(r"(command_api|auditor)", rf"{aggregate.name}_\1", line)


def _in_redis(block: str, aggregate: Aggregate) -> str:
    own = f", {aggregate.name}_redis_projector, {aggregate.name}_query_api]"
    return re.sub(r"(    secrets: \[.*)\]", rf"\1{own}", block)


def _in_proxy(block: str, aggregate: Aggregate) -> str:
    waits = "".join(
        f"      {program}: {{condition: service_healthy}}\n" for program in aggregate.ports
    )
    ports = "".join(f"      - 127.0.0.1:{port}:{port}\n" for port in _listeners(aggregate))
    return block.replace("    ports:\n", f"{waits}    ports:\n{ports}")
