"""Errors that aiohttp keeps or reports of a request, before and outside of any application."""

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from chassis.problems import Invalid

MAX_LINE = 8190  # bytes of the request line, and of a header


def drop_frames(error: BaseException | type[BaseException] | None) -> None:
    """Drop the frames of an error that is kept: they refer to what keeps it, and to the request."""
    if isinstance(error, BaseException):
        error.__traceback__ = None


def no_route_error(request: web.BaseRequest) -> Exception | None:
    """The error that aiohttp keeps with a request whose path or method has no route."""
    match = getattr(request, "_match_info", None)  # None: it was refused before any was looked for
    return None if match is None else match.http_exception


def client_mistake(error: BaseException | None) -> Exception | None:
    """What is wrong with the request, without a word of it; else the error itself."""
    match error:
        case LineTooLong():
            return Invalid(f"the request line or a header has over {MAX_LINE} bytes")
        case HttpProcessingError():
            return Invalid("the request is not valid HTTP/1.1")
    return error if isinstance(error, Exception) else None
