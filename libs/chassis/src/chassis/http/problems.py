"""Problems as HTTP responses (RFC 9457), and the headers common to all responses."""

import msgspec
from aiohttp import web

from chassis import problems
from chassis.http.messages import MAX_BODY
from chassis.observability import error_log, tracing
from chassis.problems import Problem


class ProblemResponse(web.Response):
    """A problem document, without the header Server.

    It sets headers itself because aiohttp may respond before it calls the application, and its
    header hook, which `common_headers` uses, belongs to the application.
    """

    def __init__(self, problem: Problem) -> None:
        self._document = _document(problem)
        super().__init__(
            body=self._document,
            status=problem.status.http,
            headers=problem.headers | {"X-Content-Type-Options": "nosniff"},
            content_type="application/problem+json",
        )

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.pop("Server", None)

    def as_bytes(self) -> bytes:
        """Return the whole response, which closes the connection."""
        length = str(len(self._document))
        head = {**self.headers, "Content-Length": length, "Connection": "close"}
        lines = [f"HTTP/1.1 {self.status} {self.reason}", *(f"{k}: {v}" for k, v in head.items())]
        return "\r\n".join([*lines, "", ""]).encode() + self._document


def to_response(error: Exception, route: str) -> ProblemResponse:
    """Return the response to any exception of a handler; unknown ones are logged as bugs."""
    match error:
        case Problem():
            return ProblemResponse(error)
        case web.HTTPException():
            response = ProblemResponse(_translated(error))
            if "Allow" in error.headers:  # with 405, RFC 9110 §15.5.6
                response.headers["Allow"] = error.headers["Allow"]
            return response
    error_log.unhandled(error, route)
    return ProblemResponse(problems.Internal("the trace id identifies this error in the logs"))


async def common_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Set the headers common to all responses; remove Server, which would reveal versions."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.pop("Server", None)


def _translated(error: web.HTTPException) -> Problem:
    match error:
        case web.HTTPRequestEntityTooLarge():
            return problems.TooLarge(f"the body may be at most {MAX_BODY} bytes")
        case web.HTTPMethodNotAllowed():
            return problems.MethodNotAllowed(f"use {' or '.join(sorted(error.allowed_methods))}")
        case web.HTTPNotFound():
            return problems.NoSuchRoute("see GET / for the name of this service")
        case _:
            return problems.Invalid(error.reason)


def _document(problem: Problem) -> bytes:
    document: dict[str, object] = {
        "type": f"urn:problem:{problem.kind}",
        "title": problem.status.title,
        "status": problem.status.http,
        "detail": problem.public_detail,
    }
    if problem.errors:
        document["errors"] = problem.errors
    if (trace_id := tracing.trace_id()) is not None:
        document["trace_id"] = trace_id
    return msgspec.json.encode(document)
