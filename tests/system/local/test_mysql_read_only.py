"""A read-only MySQL, as during a failover: 503, not ready, then writes again."""

from collections.abc import Iterator
from contextlib import contextmanager

import pymysql
import pytest

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.support.clients.admin_pages import is_ready, is_unready
from tests.support.clients.api_clients import ApiClient, Refused, as_root
from tests.support.stack.survival import created

pytestmark = pytest.mark.e2e


@contextmanager
def read_only(stack: Addresses) -> Iterator[None]:
    connection = pymysql.connect(**as_root(stack))
    with connection, connection.cursor() as cursor:
        cursor.execute("SET GLOBAL read_only = ON")
        try:
            yield
        finally:
            cursor.execute("SET GLOBAL read_only = OFF")


async def test_read_only_mysql_makes_commands_unavailable_and_not_reads(
    stack: Addresses, api: ApiClient
) -> None:
    user = await created(api)
    with read_only(stack):
        with pytest.raises(Refused) as refused:
            await api.create("Read", "Only")
        assert refused.value.status in {503, "UNAVAILABLE"}
        assert refused.value.detail == "mysql is unavailable"
        await eventually(lambda: is_unready(stack, "command-api", "read-only"))
        assert len(await api.history(user["id"])) == 1
    await eventually(lambda: is_ready(stack, "command-api"))
    await created(api)
