"""Tracing of requests and store calls: spans if there is an exporter, else trace ids only."""

import random
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from chassis.observability.trace_context import Unrecorded, trace_id, traceparent

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

    from chassis.observability.spans import CurrentSpan

    ServerSpan: TypeAlias = CurrentSpan | Unrecorded

__all__ = ["trace_id", "traceparent"]
_NOTHING = nullcontext()


@dataclass(slots=True)
class _Sampling:
    """is_recording: whether there is an exporter; without one no span is created."""

    is_recording: bool = False
    share: float = 1.0


_sampling = _Sampling()


def configure(service: str, endpoint: str | None, ratio: float) -> None:
    """Export spans of the given share of traces to an OTLP endpoint; without one, record nothing.

    Without an endpoint a caller's trace context is still propagated, and every request has a trace
    id. An unavailable endpoint loses spans and nothing else: the queue is bounded (2,048 spans) and
    drops the rest.
    """
    if endpoint:
        from chassis.observability import spans  # noqa: PLC0415 - a tenth of a start's time

        record(service, spans.exporting(endpoint), ratio)


def record(service: str, processor: "SpanProcessor", ratio: float) -> None:
    """Start to record spans, of the given share of traces, into the processor."""
    from chassis.observability import spans  # noqa: PLC0415 - a tenth of a start's time

    spans.record(service, processor)
    _sampling.share, _sampling.is_recording = ratio, True


def is_recording() -> bool:
    """Whether spans are exported."""
    return _sampling.is_recording


def flush() -> None:
    """Export the remaining spans, for about spans.EXPORT_WITHIN seconds at most."""
    if _sampling.is_recording:
        from chassis.observability import spans  # noqa: PLC0415 - a tenth of a start's time

        spans.flush()


def is_sampled() -> bool:
    """Decide whether a new trace is sampled; the SDK's sampler costs each request 3 µs."""
    return _sampling.is_recording and random.random() < _sampling.share  # noqa: S311 - no security depends on it


def server_span(protocol: str, method: str, route: str, headers: Mapping[str, str]) -> "ServerSpan":
    """Return the trace of a request with these headers, current while its block runs.

    protocol: http or grpc; the route of a gRPC call is /package.Service/Method. The path is not
    recorded, since it may contain a user's name.
    """
    header = headers.get("traceparent")
    if not _sampling.is_recording or not (header or is_sampled()):
        return Unrecorded(header)
    from chassis.observability import spans  # noqa: PLC0415 - imported by record()

    callers = spans.callers_context(headers) if header else None
    if header and callers is None and not is_sampled():
        return Unrecorded()
    return spans.server_span(protocol, method, route, callers)


def client_span(system: str, operation: str) -> AbstractContextManager[None]:
    """Return the span of a store call, if the current span is recorded."""
    if not _sampling.is_recording:
        return _NOTHING
    from chassis.observability import spans  # noqa: PLC0415 - imported by record()

    return spans.client_span(system, operation)
