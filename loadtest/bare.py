"""Minimal aiohttp server: the same bytes for every request. See reads.py."""

import sys

import uvloop
from aiohttp import web

from chassis.process.listening import CannotListen, listen


def application(body: bytes) -> web.Application:
    """Return an application with one handler for all requests."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    found = web.Application()
    found.add_routes([web.route("*", "/{tail:.*}", answer)])
    return found


def main() -> None:
    """Serve standard input's bytes on the port that the argument names."""
    try:
        sock = listen("127.0.0.1", int(sys.argv[1]))
    except CannotListen as taken:
        sys.exit(f"bare: {taken.line('another port')}")
    web.run_app(
        application(sys.stdin.buffer.read()),
        sock=sock,
        access_log=None,
        print=lambda *_: None,
        loop=uvloop.new_event_loop(),
    )


if __name__ == "__main__":
    main()
