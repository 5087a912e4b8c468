"""Errors that aiohttp stores or reports for a request outside the application."""

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from chassis.problems import Invalid

MAX_LINE = 8190  # bytes of the request line, and of a header


def drop_frames(error: BaseException | type[BaseException] | None) -> None:
    """Drop the frames of a stored error: they refer to its holder, and to the request."""
    if isinstance(error, BaseException):
        error.__traceback__ = None


def no_route_error(request: web.BaseRequest) -> Exception | None:
    """Return the error that aiohttp stores with a request whose path or method has no route."""
    match = getattr(request, "_match_info", None)  # None: it was refused before routing
    return None if match is None else match.http_exception


def client_mistake(error: BaseException | None) -> Exception | None:
    """Return what is wrong with the request, without quoting it; else the error itself."""
    match error:
        case LineTooLong():
            return Invalid(f"the request line and each header may be at most {MAX_LINE} bytes")
        case HttpProcessingError():
            return Invalid("the request is not valid HTTP/1.1")
    return error if isinstance(error, Exception) else None
