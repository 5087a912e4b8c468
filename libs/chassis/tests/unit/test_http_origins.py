"""Web pages of other sites cannot reach a port by any host name or form (case H5)."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from chassis.http.messages import answer
from chassis.http.origins import is_ours
from chassis.http.server import HttpServer
from chassis.limits.connections import Limits
from chassis.process.admin_server import AdminServer
from chassis.process.health import Health
from chassis.process.settings import ServiceSettings, settings_config
from chassis.testing import serving

FOREIGN = ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "evillocalhost", "0x7f.1"]
OURS = ["localhost", "LOCALHOST.", "127.0.0.1", "[::1]", "10.1.2.3", "api.localhost", "users.test"]
HOSTS = frozenset({"users.test"})


@pytest.fixture
async def ports() -> AsyncIterator[list[int]]:
    async def served(_request: web.Request) -> web.Response:
        return answer({})

    routes = [web.route("*", "/", served), web.get("/livez", served)]
    http = HttpServer(routes, "127.0.0.1", 0, 1, limits=Limits(hosts=HOSTS))
    admin = AdminServer(Health({}), "127.0.0.1", 0, Limits(hosts=HOSTS))
    async with serving(admin, http):
        yield [http.port, admin.port]


async def status(port: int, method: str = "GET", **headers: str) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"http://127.0.0.1:{port}/livez", headers=headers) as response,
    ):
        if response.status != 200:
            assert (await response.json(content_type="application/problem+json"))["detail"]
        return response.status


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("suffix", ["", ":3000"])
async def test_foreign_host_is_rejected(ports: list[int], name: str, suffix: str) -> None:
    for port in ports:
        assert await status(port, Host=name + suffix) == 400


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("suffix", ["", ":3000"])
async def test_own_names_and_addresses_are_accepted(
    ports: list[int], name: str, suffix: str
) -> None:
    for port in ports:
        assert await status(port, Host=name + suffix) == 200
        assert await status(port, Host=name, Origin=f"http://{name}{suffix}") == 200


@pytest.mark.parametrize("origin", ["null", "", *(f"https://{name}" for name in FOREIGN)])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_foreign_origin_is_rejected(ports: list[int], origin: str, method: str) -> None:
    assert await status(ports[0], method, Origin=origin) == 400


def test_invalid_url_is_rejected() -> None:
    assert not is_ours("http://[", HOSTS)


class Settings(ServiceSettings):
    model_config = settings_config("TEST_")
    admin_port: int = 9000


@pytest.mark.parametrize(
    ("host", "allowed", "hosts"),
    [
        ("127.0.0.1", None, frozenset()),
        ("localhost", None, frozenset()),
        ("0.0.0.0", None, None),
        ("0.0.0.0", " Users.test, api ,", frozenset({"users.test", "api"})),
        ("127.0.0.1", "users.test", HOSTS),
    ],
)
def test_on_loopback_no_name_is_allowed_unless_it_is_configured(
    host: str, allowed: str | None, hosts: frozenset[str] | None
) -> None:
    given = {"host": host, "allowed_hosts": allowed}
    assert Settings.model_validate(given).limits.hosts == hosts
