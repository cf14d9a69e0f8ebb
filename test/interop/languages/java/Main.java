import static io.opentelemetry.api.common.AttributeKey.longArrayKey;
import static io.opentelemetry.api.common.AttributeKey.stringArrayKey;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;

/** Sends the trace that `otherLanguages.test.ts` describes; prints its id. */
public class Main {
  public static void main(String[] args) {
    OtlpHttpSpanExporter exporter =
        OtlpHttpSpanExporter.builder()
            .setEndpoint(System.getenv("OTEL_EXPORTER_OTLP_ENDPOINT") + "/v1/traces")
            .setCompression(System.getenv("OTEL_EXPORTER_OTLP_COMPRESSION"))
            .build();
    SdkTracerProvider provider =
        SdkTracerProvider.builder()
            .addSpanProcessor(BatchSpanProcessor.builder(exporter).build())
            .setResource(Resource.create(Attributes.builder().put("service.name", "other-language").build()))
            .build();
    Tracer tracer = provider.tracerBuilder("language-test").setInstrumentationVersion("1.2.3").build();

    Span earlier = tracer.spanBuilder("earlier").startSpan();
    earlier.end();
    Span server =
        tracer
            .spanBuilder("GET /")
            .setSpanKind(SpanKind.SERVER)
            .addLink(earlier.getSpanContext(), Attributes.builder().put("why", "follows").build())
            .setAttribute("text", "naïve 𝄞")
            .setAttribute("yes", true)
            .setAttribute("count", 200)
            .setAttribute("half", 0.5)
            .setAttribute(stringArrayKey("texts"), java.util.List.of("a", "b"))
            .setAttribute(longArrayKey("numbers"), java.util.List.of(1L, 2L))
            .startSpan();
    Span client =
        tracer
            .spanBuilder("GET")
            .setParent(Context.root().with(server))
            .setSpanKind(SpanKind.CLIENT)
            .startSpan();
    client.addEvent("retry", Attributes.builder().put("attempt", 1).build());
    client.setStatus(StatusCode.ERROR, "it broke");
    client.end();
    server.end();
    provider.close();
    System.out.println(server.getSpanContext().getTraceId());
  }
}
