"""Redis, from the distribution's packages: one server, or a cluster of masters with replicas."""

from functools import partial
from hashlib import sha256
from pathlib import Path

from local_stack import health
from local_stack.addresses import HOST, REDIS_USERS
from local_stack.layout import INFRA
from local_stack.programs import Context, Job, Program

CLUSTER = "redis-cluster"


def programs(context: Context) -> list[Program]:
    return [program(context, name) for name in context.instance.nodes("redis")]


def ready(context: Context) -> str:
    """Return the step after which Redis accepts the services' writes."""
    return CLUSTER if context.addresses.is_redis_cluster else "redis"


def jobs(context: Context) -> list[Job]:
    """Return the job that joins a cluster's servers and assigns the slots."""
    if not context.addresses.is_redis_cluster:
        return []
    nodes = [url.removeprefix("redis://") for url in context.addresses.redis_nodes]
    command = [str(context.bin / "python"), "-m", "local_stack.redis_cluster", *nodes, "--"]
    return [
        Job(
            CLUSTER,
            [*command, *context.software.unpacked("usr/bin/redis-cli")],
            tuple(context.instance.nodes("redis")),
            {"REDISCLI_AUTH": context.addresses.password("redis_operator")},
        )
    ]


def program(context: Context, name: str) -> Program:
    port = context.instance.port(name, "redis")
    return Program(
        name=name,
        command=[
            *context.software.unpacked("usr/bin/redis-server"),
            str(configuration(context, name)),
            *("--bind", HOST),
            *("--aclfile", str(users(context, name))),
            *("--port", str(port)),
            # The title would overwrite the environment, by which `down` finds its processes.
            *("--set-proc-title", "no"),
            *("--dir", str(context.instance.folder("data", name))),
        ],
        after=(),
        healthy=partial(health.redis_server, context.addresses, port),
        prepare=partial(write_users, context, name),
    )


def configuration(context: Context, name: str) -> Path:
    """Write infra/redis/redis.conf; of a cluster with cluster.conf and this node's settings."""
    alone, of_cluster = INFRA / "redis" / "redis.conf", INFRA / "redis" / "cluster.conf"
    if not context.addresses.is_redis_cluster:
        return alone
    file = context.instance.folder("conf") / f"{name}.conf"
    file.touch(mode=0o600)
    file.write_text(
        f"include {alone}\ninclude {of_cluster}\n"
        f"cluster-port {context.instance.port(name, 'bus')}\n"
        f"masteruser redis_operator\nmasterauth {context.addresses.password('redis_operator')}\n"
    )
    return file


def users(context: Context, name: str) -> Path:
    return context.instance.folder("conf") / f"{name}.acl"


def write_users(context: Context, name: str) -> None:
    """Write infra/redis/users.acl with this instance's passwords."""
    file = users(context, name)
    file.touch(mode=0o600)
    lines = (INFRA / "redis" / "users.acl").read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("#"))
    for user in REDIS_USERS:
        digest = sha256(context.addresses.password(user).encode()).hexdigest()
        text = text.replace(f"@{user}@", digest)
    file.write_text(text)
