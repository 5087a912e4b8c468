"""Spans: their parents, and that an unavailable exporter delays nothing."""

import re
import time
from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from chassis.observability import spans as otel_spans
from chassis.observability import telemetry, trace_context, tracing
from projections import batch_spans, batch_tracing
from projections.batch_tracing import Message

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = CALLER[:-1] + "0"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """The spans exported during a test; the process has one tracer provider for all tests."""
    exporter = InMemorySpanExporter()
    tracing.record("test", SimpleSpanProcessor(exporter), 1)
    yield exporter
    exporter.shutdown()
    tracing._sampling.is_recording = False


@pytest.fixture
def no_tracer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the exporter; a span that is started anyway fails the test."""

    def begin(*_args: object, **_options: object) -> None:
        raise AssertionError("a span was begun, and there is no exporter")

    monkeypatch.setattr(tracing._sampling, "is_recording", False)
    for module in (otel_spans, batch_spans):
        for method in ("start_span", "start_as_current_span"):
            monkeypatch.setattr(module._tracer, method, begin)


def named(spans: InMemorySpanExporter, name: str) -> ReadableSpan:
    (found,) = [span for span in spans.get_finished_spans() if span.name == name]
    return found


def trace_of(span: ReadableSpan) -> str:
    assert span.context
    return trace.format_trace_id(span.context.trace_id)


def test_request_continues_and_propagates_the_callers_trace(spans: InMemorySpanExporter) -> None:
    with telemetry.Request("http", "GET", "/user", {"traceparent": CALLER}) as outcome:
        outcome.status = "200"
        handed_on = tracing.traceparent()
        with telemetry.store_call("redis", "get"):
            pass
    request, call = named(spans, "GET /user"), named(spans, "get redis")
    assert handed_on
    assert trace_of(request) == trace_of(call) == handed_on.split("-")[1] == CALLER.split("-")[1]
    assert call.parent == request.context


def test_unsampled_trace_has_an_id_and_no_spans(
    spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing._sampling, "share", 0.0)
    with telemetry.Request("http", "GET", "/user", {}), telemetry.store_call("redis", "get"):
        ours = tracing.trace_id()
    with telemetry.Request("http", "GET", "/user", {"traceparent": "00-nonsense"}):
        pass
    with telemetry.Request("http", "GET", "/user", {"traceparent": CALLER}):
        theirs = tracing.trace_id()
    assert ours
    assert re.fullmatch("[0-9a-f]{32}", ours)
    assert theirs == CALLER.split("-")[1]
    assert [trace_of(span) for span in spans.get_finished_spans()] == [theirs]


@pytest.mark.usefixtures("no_tracer")
@pytest.mark.parametrize("caller", [CALLER, UNSAMPLED])
def test_without_an_exporter_the_callers_trace_is_propagated_unchanged(caller: str) -> None:
    tracing.configure("test", None, 1)
    with telemetry.Request("http", "GET", "/user", {"traceparent": caller}) as outcome:
        outcome.status = "500"
        with telemetry.store_call("redis", "get"):
            assert tracing.traceparent() == caller
            assert tracing.trace_id() == caller.split("-")[1]


@pytest.mark.usefixtures("no_tracer")
def test_without_an_exporter_a_request_has_a_trace_id_of_its_own() -> None:
    tracing.configure("test", "", 1)
    seen = set()
    for headers in ({}, {}, {"traceparent": "00-nonsense"}):
        with telemetry.Request("grpc", "", "/user.v1.UserQueries/Get", headers) as outcome:
            outcome.status = "OK"
            handed_on, logged = tracing.traceparent(), telemetry._add_trace_id(None, "", {})
        assert handed_on
        assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-00", handed_on)
        assert logged["trace_id"] == handed_on.split("-")[1]
        seen.add(handed_on)
    assert len(seen) == 3


@pytest.mark.usefixtures("no_tracer")
def test_without_an_exporter_a_batch_of_sampled_events_starts_no_span() -> None:
    with batch_tracing.batch("user.events", 2) as batch:
        with batch.writing(), telemetry.store_call("redis", "apply"):
            pass
        batch.done([Message(f"e{n}", 0, n, CALLER) for n in range(2)])


def test_request_span_has_the_name_of_its_route(spans: InMemorySpanExporter) -> None:
    for protocol, method, route in (
        ("http", "GET", "/user/{id}"),
        ("grpc", "", "/user.v1.UserQueries/Get"),
    ):
        with telemetry.Request(protocol, method, route, {}):
            pass
    assert named(spans, "GET /user/{id}").attributes == {
        "http.request.method": "GET",
        "http.route": "/user/{id}",
    }
    assert named(spans, "user.v1.UserQueries/Get").attributes == {
        "rpc.system.name": "grpc",
        "rpc.method": "user.v1.UserQueries/Get",
    }


@pytest.mark.parametrize(
    ("status", "attribute", "code"),
    [
        ("404", ("http.response.status_code", 404), StatusCode.UNSET),
        ("503", ("http.response.status_code", 503), StatusCode.ERROR),
        ("NOT_FOUND", ("rpc.response.status_code", "NOT_FOUND"), StatusCode.UNSET),
        ("INTERNAL", ("rpc.response.status_code", "INTERNAL"), StatusCode.ERROR),
    ],
)
def test_server_error_marks_the_span(
    spans: InMemorySpanExporter, status: str, attribute: tuple[str, object], code: StatusCode
) -> None:
    with telemetry.Request("any", "", "/x", {}) as outcome:
        outcome.status = status
    span = named(spans, "x")
    assert span.attributes
    assert attribute in span.attributes.items()
    assert span.status.status_code is code


def test_event_trace_has_processing_and_store_write_linked_to_the_batch(
    spans: InMemorySpanExporter,
) -> None:
    with batch_tracing.batch("user.events", 3) as batch:
        with batch.writing(), telemetry.store_call("redis", "apply"):
            pass
        batch.done([Message("e1", 2, 40 + n, it) for n, it in enumerate((CALLER, UNSAMPLED, None))])
    processed, wrote = named(spans, "process user.events"), named(spans, "write view")
    whole, call = named(spans, "process batch user.events"), named(spans, "apply redis")
    assert trace_of(processed) == trace_of(wrote) == CALLER.split("-")[1]
    assert wrote.parent == processed.context
    assert [link.context for link in processed.links] == [whole.context]
    assert processed.attributes
    assert processed.attributes["messaging.message.id"] == "e1"
    assert processed.attributes["messaging.kafka.offset"] == 40
    assert trace_of(call) == trace_of(whole) != CALLER.split("-")[1]
    times = [processed.start_time, wrote.start_time, wrote.end_time, processed.end_time]
    assert times == sorted(time or 0 for time in times)


def test_malformed_traceparent_loses_only_the_span(
    spans: InMemorySpanExporter,
) -> None:
    with batch_tracing.batch("user.events", 1) as batch:
        batch.done([Message("e1", 0, 0, "00-nonsense"), Message("e2", 0, 1, "")])
    assert [span.name for span in spans.get_finished_spans()] == ["process batch user.events"]


@pytest.mark.parametrize(
    "header",
    [
        "00-nonsense",
        f"ff-{32 * 'a'}-{16 * 'b'}-01",  # a version that W3C Trace Context forbids
        f"00-{32 * 'a'}-{16 * 'b'}-01-more",  # version 00 has four parts
        f"00-{32 * '0'}-{16 * 'b'}-01",
        f"00-{32 * 'a'}-{16 * '0'}-01",
    ],
)
def test_invalid_traceparent_is_not_continued(header: str) -> None:
    assert trace_context.parse(header) is None
    assert trace_context.parse(f"00-{32 * 'a'}-{16 * 'b'}-01")


def test_flush_does_not_wait_long_for_an_unavailable_exporter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider = TracerProvider()
    monkeypatch.setattr(trace, "set_tracer_provider", lambda _: None)
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    monkeypatch.setattr(tracing._sampling, "is_recording", True)
    provider.add_span_processor(otel_spans.exporting("http://127.0.0.1:9/v1/traces"))
    provider.get_tracer("test").start_span("lost").end()
    began = time.monotonic()
    tracing.flush()
    assert time.monotonic() - began < 2 * otel_spans.EXPORT_WITHIN + 1
