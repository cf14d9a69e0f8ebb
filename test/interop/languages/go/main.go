// Sends the trace that otherLanguages.test.ts describes; prints its id.
package main

import (
	"context"
	"fmt"
	"log"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func main() {
	background := context.Background()
	exporter, err := otlptracehttp.New(background)
	if err != nil {
		log.Fatal(err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "other-language"))),
	)
	tracer := provider.Tracer("language-test", trace.WithInstrumentationVersion("1.2.3"))

	_, earlier := tracer.Start(background, "earlier")
	earlier.End()
	ctx, server := tracer.Start(background, "GET /",
		trace.WithSpanKind(trace.SpanKindServer),
		trace.WithLinks(trace.Link{
			SpanContext: earlier.SpanContext(),
			Attributes:  []attribute.KeyValue{attribute.String("why", "follows")},
		}),
		trace.WithAttributes(
			attribute.String("text", "naïve 𝄞"),
			attribute.Bool("yes", true),
			attribute.Int("count", 200),
			attribute.Float64("half", 0.5),
			attribute.StringSlice("texts", []string{"a", "b"}),
			attribute.IntSlice("numbers", []int{1, 2}),
		),
	)
	_, client := tracer.Start(ctx, "GET", trace.WithSpanKind(trace.SpanKindClient))
	client.AddEvent("retry", trace.WithAttributes(attribute.Int("attempt", 1)))
	client.SetStatus(codes.Error, "it broke")
	client.End()
	server.End()
	if err := provider.Shutdown(background); err != nil {
		log.Fatal(err)
	}
	fmt.Println(server.SpanContext().TraceID())
}
