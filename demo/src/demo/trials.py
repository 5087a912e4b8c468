"""Example commands, printed when all servers are listening."""

import asyncio

from demo.settings import Settings

TRY = """\
All data is in memory and lost on exit. Try it:
  curl -i {command}/user -H 'Content-Type: application/json' \
-d '{{"first_name": "Zoë", "last_name": "Žižek"}}'
  curl -i {query}/user
  curl -i {search}/user/search/zizek
In a browser: {command}/docs, {query}/docs, {search}/docs
gRPC with reflection: ports {grpc}. Metrics: {admin}/metrics
"""


class Trials:
    """Component that prints the examples; list it last, after all servers."""

    name = "trials"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._drained = asyncio.Event()

    async def serve(self) -> None:
        print(text(self._settings), flush=True)  # noqa: T201 - output of a command
        await self._drained.wait()

    async def drain(self) -> None:
        self._drained.set()


def text(settings: Settings) -> str:
    """Return the commands, with the addresses of the settings."""
    host = settings.host if settings.host not in {"127.0.0.1", "0.0.0.0", "::", ""} else "localhost"  # noqa: S104 - a comparison
    host = f"[{host}]" if ":" in host else host
    http = [f"{host}:{settings.http_port + number}" for number in range(3)]
    command, query, search = http
    return TRY.format(
        command=command,
        query=query,
        search=search,
        grpc=", ".join(str(settings.grpc_port + number) for number in range(3)),
        admin=f"{host}:{settings.admin_port}",
    )
