"""Sends the trace that `otherLanguages.test.ts` describes; prints its id."""

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

provider = TracerProvider(resource=Resource.create({"service.name": "other-language"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("language-test", "1.2.3")

with tracer.start_as_current_span("earlier") as earlier:
    link = Link(earlier.get_span_context(), {"why": "follows"})
with tracer.start_as_current_span("GET /", kind=SpanKind.SERVER, links=[link]) as server:
    server.set_attributes(
        {
            "text": "naïve 𝄞",
            "yes": True,
            "count": 200,
            "half": 0.5,
            "texts": ["a", "b"],
            "numbers": [1, 2],
        }
    )
    with tracer.start_as_current_span("GET", kind=SpanKind.CLIENT) as client:
        client.add_event("retry", {"attempt": 1})
        client.set_status(Status(StatusCode.ERROR, "it broke"))
    trace_id = server.get_span_context().trace_id
provider.shutdown()
print(trace.format_trace_id(trace_id))
