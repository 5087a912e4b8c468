"""The least that aiohttp can be asked to do: the same bytes to everybody. See reads.py."""

import sys

import uvloop
from aiohttp import web


def application(body: bytes) -> web.Application:
    """One handler for whatever is asked."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    found = web.Application()
    found.add_routes([web.route("*", "/{tail:.*}", answer)])
    return found


if __name__ == "__main__":
    web.run_app(
        application(sys.stdin.buffer.read()),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=None,
        print=lambda *_: None,
        loop=uvloop.new_event_loop(),
    )
