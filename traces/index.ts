export type { BlameCause, BlameSection, BlameShare } from './blame.ts';
export { blameCauses } from './blame.ts';
export type { PathSection } from './criticalPath.ts';
export { criticalPath, jaegerRules } from './criticalPath.ts';
export type { Change } from './diff/changes.ts';
export type {
  Finding,
  Hop,
  SetDiff,
  SetDiffOptions,
  SetHopDiff,
} from './diff/diffSets.ts';
export { diffTraceSets } from './diff/diffSets.ts';
export type { CauseDelta, DiffOptions, HopDiff, TraceDiff } from './diff/diffTraces.ts';
export { diffTraces } from './diff/diffTraces.ts';
export type { QuantileInterval } from './diff/quantileInterval.ts';
export type { Interval } from './interval.ts';
export type { DecodedSpans } from './otlp/decode.ts';
export { decodeOtlpJson, decodeOtlpProtobuf } from './otlp/decode.ts';
export { MalformedOtlpError } from './otlp/request.ts';
export type { AttributesPattern, EventPattern, Expected, SpanPattern } from './pattern.ts';
export type { Retries } from './retries.ts';
export type { SettleOptions } from './settle.ts';
export { settle } from './settle.ts';
export type { CountedByServicesOptions } from './source/countedByServices.ts';
export { countedByServices } from './source/countedByServices.ts';
export { FileSource } from './source/file.ts';
export { InProcessExporter } from './source/inProcess.ts';
export { JaegerSource } from './source/jaeger.ts';
export { SourceError } from './source/sourceError.ts';
export type { TempoOptions } from './source/tempo.ts';
export { TempoSource } from './source/tempo.ts';
export type { TraceSource } from './source/traceSource.ts';
export type * from './span.ts';
export type { TraceOptions } from './trace.ts';
export { SpanView, Trace } from './trace.ts';
export type { UnmetRule } from './traceIncompleteError.ts';
export { TraceIncompleteError, TraceUnavailableError } from './traceIncompleteError.ts';
export { newTraceParent, parseTraceParent } from './traceparent.ts';
export type { TraceStateMember } from './traceState.ts';
export type { SpanNode, SpanTree } from './tree.ts';
export type { WaterfallOptions } from './waterfall.ts';
export { waterfall } from './waterfall.ts';
