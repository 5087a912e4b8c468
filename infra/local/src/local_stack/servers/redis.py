"""Redis, from the distribution's packages."""

from functools import partial
from hashlib import sha256

from local_stack import health
from local_stack.addresses import HOST, REDIS_USERS
from local_stack.layout import INFRA
from local_stack.programs import Program, Site


def program(site: Site) -> Program:
    return Program(
        name="redis",
        command=[
            *site.software.unpacked("usr/bin/redis-server"),
            str(INFRA / "redis" / "redis.conf"),
            *("--bind", HOST),
            *("--aclfile", str(site.instance.folder("conf") / "users.acl")),
            *("--port", str(site.instance.port("redis", "redis"))),
            # The title would be written over the environment, by which `down` knows its own.
            *("--set-proc-title", "no"),
            *("--dir", str(site.instance.folder("data", "redis"))),
        ],
        after=(),
        healthy=partial(health.redis_server, site.addresses),
        prepare=partial(write_users, site),
    )


def write_users(site: Site) -> None:
    """infra/redis/users.acl with this instance's passwords."""
    file = site.instance.folder("conf") / "users.acl"
    file.touch(mode=0o600)
    lines = (INFRA / "redis" / "users.acl").read_text().splitlines(keepends=True)
    users = "".join(line for line in lines if not line.startswith("#"))
    for user in REDIS_USERS:
        digest = sha256(site.addresses.password(user).encode()).hexdigest()
        users = users.replace(f"@{user}@", digest)
    file.write_text(users)
