import { fromCanonicalJson } from '../otlp/canonicalJson.ts';
import { decodeOtlpJson, decodeOtlpProtobuf } from '../otlp/decode.ts';
import { MalformedOtlpError } from '../otlp/request.ts';
import { WireReader } from '../otlp/wire.ts';
import type { Span } from '../span.ts';
import {
  malformed,
  messageOf,
  objectOf,
  onlyBeginning,
  type Question,
  type TraceApi,
} from './apiAnswer.ts';
import type { Answer } from './boundedGet.ts';
import { SourceError } from './sourceError.ts';

const api: TraceApi = {
  name: 'a Tempo trace API (v2)',
  address:
    'its address is that of Tempo 2.6 or newer, such as http://127.0.0.1:3200, not that of Grafana',
};

/** A `TraceByIDResponse`. */
interface TempoTrace {
  readonly spans: Span[];
  readonly isPartial: boolean;
  readonly message: string;
}

/**
 * The spans of an answer to a trace's id; none if it says that there are none.
 * @throws {SourceError} `truncated` or `malformed`.
 */
export function tempoSpansOf(answer: Answer, baseUrl: string, what: string): Span[] {
  const question: Question = { baseUrl, what, api };
  if (answer.status === 404) {
    // Releases differ: some say so by an empty 404, newer ones by 200 with an empty trace.
    if (answer.body.length === 0 || /\btrace\b.*not found/i.test(messageOf(answer))) return [];
    throw malformed(answer, question, `it knows no such path: ${messageOf(answer)}`);
  }
  if (answer.body.length === 0) throw malformed(answer, question, 'it is empty');
  const isJson = !/^application\/(x-)?protobuf\b/.test(answer.contentType);
  const { spans, isPartial, message } = isJson
    ? fromJson(answer, question)
    : fromProtobuf(answer, question);
  if (isPartial) {
    throw new SourceError(
      'truncated',
      `${baseUrl} gives only a part of ${what}: ${message || 'it does not say why'}; raise its ` +
        '`max_bytes_per_trace`, or record fewer spans',
    );
  }
  return spans;
}

/** Field 1 is the trace, of the same form as an export request; 3 the status, 4 a message. */
function fromProtobuf(answer: Answer, question: Question): TempoTrace {
  const { body } = answer;
  try {
    const reader = new WireReader(body);
    let spans: Span[] = [];
    let isPartial = false;
    let message = '';
    while (reader.next(body.length)) {
      if (reader.field === 1) spans = spans.concat(decodeOtlpProtobuf(reader.slice()).spans);
      else if (reader.field === 3) isPartial = reader.low === 1;
      else if (reader.field === 4) message = reader.text();
    }
    return { spans, isPartial, message };
  } catch (error) {
    if (!(error instanceof MalformedOtlpError)) throw error;
    const beginsWithTrace = body[0] === 0x0a;
    if (beginsWithTrace) throw onlyBeginning(answer, question, error);
    throw malformed(answer, question, error.message);
  }
}

function fromJson(answer: Answer, question: Question): TempoTrace {
  const { trace, status, message } = objectOf(answer, question) as {
    trace?: unknown;
    status?: unknown;
    message?: unknown;
  };
  if (typeof trace !== 'object' || trace === null) {
    throw malformed(answer, question, 'it has no `trace`');
  }
  try {
    return {
      spans: decodeOtlpJson(fromCanonicalJson(trace)).spans,
      isPartial: status === 'PARTIAL' || status === 1,
      message: typeof message === 'string' ? message : '',
    };
  } catch (error) {
    if (!(error instanceof MalformedOtlpError)) throw error;
    throw malformed(answer, question, error.message);
  }
}
