"""Redis, from the distribution's packages."""

from functools import partial

from local_stack import health
from local_stack.addresses import HOST
from local_stack.layout import INFRA
from local_stack.programs import Program, Site


def program(site: Site) -> Program:
    return Program(
        name="redis",
        command=[
            *site.software.unpacked("usr/bin/redis-server"),
            str(INFRA / "redis" / "redis.conf"),
            *("--bind", HOST),
            *("--port", str(site.instance.port("redis", "redis"))),
            # The title would be written over the environment, by which `down` knows its own.
            *("--set-proc-title", "no"),
            *("--dir", str(site.instance.folder("data", "redis"))),
        ],
        after=(),
        healthy=partial(health.redis_server, site.addresses),
    )
