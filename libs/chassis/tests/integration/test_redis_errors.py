"""Errors of a real Redis: of single commands, in a pipeline and in a script."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.problems import Unavailable
from chassis.stores.errors import redis as errors
from chassis.stores.errors.calls import store_call
from chassis.stores.errors.failure import StoreError
from chassis.stores.redis import RedisSettings, client
from chassis.testing import eventually
from local_stack import stack
from tests.support.stack.free_ports import unused
from tests.support.stores.redis_nodes import HOST, wait_for

pytestmark = pytest.mark.integration
SECRET = "Qwertz"
SET = "return redis.call('SET', KEYS[1], ARGV[1])"


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[Redis]:
    """A Redis for this test alone, which may change its state."""
    port = unused(1)[0]
    command = [*stack.fetch().unpacked("usr/bin/redis-server"), "--port", str(port)]
    options = ["--bind", HOST, "--dir", str(tmp_path), "--appendonly", "no"]
    process = await asyncio.create_subprocess_exec(
        *command, *options, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        wait_for([port])
        settings = RedisSettings.model_validate({"redis_url": f"redis://{HOST}:{port}/0"})
        connected = client(settings, 8, timeout=5, reply_timeout=5)
        assert isinstance(connected, Redis)
        async with aclosing(connected):
            yield connected
    finally:
        process.kill()  # SIGTERM does not end one that cannot write its data
        await process.wait()


async def run(redis: Redis, *command: str) -> None:
    await redis.execute_command(*command)  # type: ignore[no-untyped-call]


async def write(redis: Redis) -> None:
    await redis.set("key", SECRET)


async def write_in_pipeline(redis: Redis) -> None:
    pipeline = redis.pipeline(transaction=False)
    pipeline.set("key", SECRET)
    await pipeline.execute()


async def write_in_script(redis: Redis) -> None:
    await run_alone(redis, SET)


async def run_alone(redis: Redis, script: str) -> None:
    await redis.eval(script, 1, "key", SECRET)


async def run_in_pipeline(redis: Redis, script: str) -> None:
    pipeline = redis.pipeline(transaction=False)
    pipeline.eval(script, 1, "key", SECRET)
    await pipeline.execute()


async def script_in_pipeline(redis: Redis) -> None:
    await run_in_pipeline(redis, SET)


WAYS = [write, write_in_pipeline, write_in_script, script_in_pipeline]
STATES: dict[str, list[tuple[str, ...]]] = {
    "OOM": [("CONFIG", "SET", "maxmemory", "1")],
    "READONLY": [("REPLICAOF", HOST, "1"), ("CONFIG", "SET", "replica-serve-stale-data", "yes")],
    "NOREPLICAS": [("CONFIG", "SET", "min-replicas-to-write", "3")],
    "MASTERDOWN": [
        ("CONFIG", "SET", "replica-serve-stale-data", "no"),
        ("REPLICAOF", HOST, "1"),
    ],
}


@pytest.mark.parametrize("state", STATES)
async def test_redis_that_takes_no_writes_is_unavailable(redis: Redis, state: str) -> None:
    for command in STATES[state]:
        await run(redis, *command)
    for way in WAYS:
        with pytest.raises(Unavailable) as away, store_call("redis", "test", errors.classify):
            await way(redis)
        assert SECRET not in away.value.detail, way


async def test_redis_that_cannot_persist_is_unavailable(redis: Redis, tmp_path: Path) -> None:
    await redis.config_set("save", "3600 1")
    (tmp_path / "dump.rdb").mkdir()  # so that it cannot be replaced by a file
    await redis.set("key", "value")
    await redis.bgsave()

    async def has_failed() -> None:
        assert (await redis.info("persistence"))["rdb_last_bgsave_status"] == "err"

    await eventually(has_failed)
    for way in WAYS:
        with (
            pytest.raises(Unavailable, match="MISCONF") as away,
            store_call("redis", "test", errors.classify),
        ):
            await way(redis)
        assert SECRET not in away.value.detail, way


async def test_redis_busy_with_a_script_is_unavailable(redis: Redis) -> None:
    await redis.config_set("busy-reply-threshold", "10")

    async def is_busy() -> None:
        try:
            with store_call("redis", "test", errors.classify):
                await redis.get("key")
        except Unavailable as away:
            assert "BUSY" in away.detail
        else:
            raise AssertionError("not busy")

    async with asyncio.TaskGroup() as tasks:
        endless = tasks.create_task(run_killed(redis))
        await eventually(is_busy)
        await redis.script_kill()
        assert "script" in await endless


async def run_killed(redis: Redis) -> str:
    """Run a script until it is killed, and return Redis's reply."""
    try:
        await redis.eval("while true do end", 0)
    except RedisError as killed:
        return str(killed)
    raise AssertionError("it ended")


@pytest.mark.parametrize(
    "script",
    [
        "return redis.call('HGET', KEYS[1], 'x')",  # WRONGTYPE
        "return redis.call('NOSUCH', KEYS[1], ARGV[1])",
        "return ARGV[1] + nil",
        "return redis.call('INCRBY', KEYS[1], ARGV[1])",
        "error(ARGV[1])",
        "this is no Lua",
    ],
)
@pytest.mark.parametrize("is_in_pipeline", [False, True])
async def test_failing_script_raises_store_error_without_values(
    redis: Redis, script: str, *, is_in_pipeline: bool
) -> None:
    await redis.set("key", "text")
    running = run_in_pipeline if is_in_pipeline else run_alone
    with pytest.raises(StoreError) as refused, store_call("redis", "test", errors.classify):
        await running(redis, script)
    assert SECRET not in str(refused.value)


async def test_unknown_command_raises_store_error_without_arguments(redis: Redis) -> None:
    with pytest.raises(StoreError) as refused, store_call("redis", "test", errors.classify):
        await run(redis, "NOSUCH", f"O'{SECRET}", SECRET)
    assert SECRET not in str(refused.value)


@asynccontextmanager
async def as_user(redis: Redis, **changed: str) -> AsyncIterator[Redis]:
    await run(redis, "ACL", "SETUSER", "one", "on", ">right", "~*", "+get")
    port = redis.connection_pool.connection_kwargs["port"]
    settings = {"redis_url": f"redis://{HOST}:{port}/0", "redis_user": "one", **changed}
    connected = client(RedisSettings.model_validate(settings), 2, timeout=5, reply_timeout=5)
    assert isinstance(connected, Redis)
    async with aclosing(connected):
        yield connected


@pytest.mark.parametrize("password", ["right", "wrong"])
async def test_rejected_login_or_permission_is_permanent(redis: Redis, password: str) -> None:
    async with as_user(redis, redis_password=password) as one:
        with pytest.raises(StoreError), store_call("redis", "test", errors.classify):
            await one.set("key", SECRET)
