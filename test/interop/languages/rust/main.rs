//! Sends the trace that `otherLanguages.test.ts` describes; prints its id.

use opentelemetry::trace::{
    Event, Link, Span, SpanKind, Status, TraceContextExt, Tracer, TracerProvider,
};
use opentelemetry::{Array, Context, InstrumentationScope, KeyValue, Value};
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_sdk::Resource;
use std::time::SystemTime;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let exporter = opentelemetry_otlp::SpanExporter::builder().with_http().build()?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(Resource::builder_empty().with_service_name("other-language").build())
        .build();
    let scope = InstrumentationScope::builder("language-test").with_version("1.2.3").build();
    let tracer = provider.tracer_with_scope(scope);

    let mut earlier = tracer.start("earlier");
    earlier.end();
    let link = Link::new(earlier.span_context().clone(), vec![KeyValue::new("why", "follows")], 0);
    let server = tracer
        .span_builder("GET /")
        .with_kind(SpanKind::Server)
        .with_links(vec![link])
        .with_attributes(vec![
            KeyValue::new("text", "naïve 𝄞"),
            KeyValue::new("yes", true),
            KeyValue::new("count", 200),
            KeyValue::new("half", 0.5),
            KeyValue::new("texts", Value::Array(Array::String(vec!["a".into(), "b".into()]))),
            KeyValue::new("numbers", Value::Array(Array::I64(vec![1, 2]))),
        ])
        .start(&tracer);
    let trace_id = server.span_context().trace_id();
    let context = Context::new().with_span(server);
    let mut client = tracer
        .span_builder("GET")
        .with_kind(SpanKind::Client)
        .with_events(vec![Event::new(
            "retry",
            SystemTime::now(),
            vec![KeyValue::new("attempt", 1)],
            0,
        )])
        .start_with_context(&tracer, &context);
    client.set_status(Status::error("it broke"));
    client.end();
    context.span().end();
    provider.shutdown()?;
    println!("{trace_id}");
    Ok(())
}
