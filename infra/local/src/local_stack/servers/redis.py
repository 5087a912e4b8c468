"""Redis, from the distribution's packages: one server, or a cluster of masters with replicas."""

from functools import partial
from hashlib import sha256
from pathlib import Path

from local_stack import health
from local_stack.addresses import HOST, REDIS_USERS
from local_stack.layout import INFRA
from local_stack.programs import Job, Program, Site

CLUSTER = "redis-cluster"


def programs(site: Site) -> list[Program]:
    return [program(site, name) for name in site.instance.nodes("redis")]


def ready(site: Site) -> str:
    """The step after which Redis takes what services send."""
    return CLUSTER if site.addresses.is_redis_cluster else "redis"


def jobs(site: Site) -> list[Job]:
    """Of a cluster: the servers meet, and share out the slots."""
    if not site.addresses.is_redis_cluster:
        return []
    nodes = [url.removeprefix("redis://") for url in site.addresses.redis_nodes]
    command = [str(site.bin / "python"), "-m", "local_stack.redis_cluster", *nodes, "--"]
    return [
        Job(
            CLUSTER,
            [*command, *site.software.unpacked("usr/bin/redis-cli")],
            tuple(site.instance.nodes("redis")),
            {"REDISCLI_AUTH": site.addresses.password("redis_operator")},
        )
    ]


def program(site: Site, name: str) -> Program:
    port = site.instance.port(name, "redis")
    return Program(
        name=name,
        command=[
            *site.software.unpacked("usr/bin/redis-server"),
            str(configuration(site, name)),
            *("--bind", HOST),
            *("--aclfile", str(users(site, name))),
            *("--port", str(port)),
            # The title would be written over the environment, by which `down` knows its own.
            *("--set-proc-title", "no"),
            *("--dir", str(site.instance.folder("data", name))),
        ],
        after=(),
        healthy=partial(health.redis_server, site.addresses, port),
        prepare=partial(write_users, site, name),
    )


def configuration(site: Site, name: str) -> Path:
    """infra/redis/redis.conf; of a cluster with cluster.conf and what is this node's."""
    alone, of_cluster = INFRA / "redis" / "redis.conf", INFRA / "redis" / "cluster.conf"
    if not site.addresses.is_redis_cluster:
        return alone
    file = site.instance.folder("conf") / f"{name}.conf"
    file.touch(mode=0o600)
    file.write_text(
        f"include {alone}\ninclude {of_cluster}\n"
        f"cluster-port {site.instance.port(name, 'bus')}\n"
        f"masteruser redis_operator\nmasterauth {site.addresses.password('redis_operator')}\n"
    )
    return file


def users(site: Site, name: str) -> Path:
    return site.instance.folder("conf") / f"{name}.acl"


def write_users(site: Site, name: str) -> None:
    """infra/redis/users.acl with this instance's passwords."""
    file = users(site, name)
    file.touch(mode=0o600)
    lines = (INFRA / "redis" / "users.acl").read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("#"))
    for user in REDIS_USERS:
        digest = sha256(site.addresses.password(user).encode()).hexdigest()
        text = text.replace(f"@{user}@", digest)
    file.write_text(text)
