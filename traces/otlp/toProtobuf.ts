import { integer, isThere, object, objects, text } from './checks.ts';
import { idFault, normalId } from './ids.ts';
import { parseOtlpJson } from './parse.ts';
import { plainJsonToProtobuf } from './plainJson.ts';
import {
  MAX_VALUE_DEPTH,
  MalformedOtlpError,
  type OtlpAnyValue,
  type OtlpEvent,
  type OtlpKeyValue,
  type OtlpLink,
  type OtlpResourceSpans,
  type OtlpScopeSpans,
  type OtlpSpan,
  type OtlpTraceRequest,
  spanKindNumber,
  statusCodeNumber,
} from './request.ts';
import { WireWriter } from './wireWriter.ts';

export interface ProtobufRequest {
  /** An `ExportTraceServiceRequest`. */
  readonly bytes: Buffer;
  /** Spans left out because of an invalid id. */
  readonly rejected: number;
  /** Why the first of them was; null if none. */
  readonly reason: string | null;
}

/**
 * The bytes of an OTLP JSON request as protobuf.
 * @throws {MalformedOtlpError} if they are not JSON, or something is not of its field's type.
 */
export function otlpJsonBytesToProtobuf(json: Buffer): ProtobufRequest {
  const bytes = plainJsonToProtobuf(json);
  if (bytes) return { bytes, rejected: 0, reason: null };
  return otlpJsonToProtobuf(parseOtlpJson(json));
}

/**
 * An OTLP JSON request (as JSON.parse gives it) as protobuf. Fields that OTLP does not have are
 * left out, as its specification asks of JSON receivers.
 * @throws {MalformedOtlpError} if something is not of its field's type.
 */
export function otlpJsonToProtobuf(request: unknown): ProtobufRequest {
  const transcoder = new Transcoder();
  transcoder.request(object(request as OtlpTraceRequest, 'The request'));
  const { rejected, reason } = transcoder;
  return { bytes: transcoder.out.finish(), rejected, reason };
}

class Transcoder {
  readonly out = new WireWriter();
  rejected = 0;
  reason: string | null = null;

  request({ resourceSpans }: OtlpTraceRequest): void {
    this.#messages(1, resourceSpans, 'resourceSpans', (each) => this.#resourceSpans(each));
  }

  #resourceSpans({ resource, scopeSpans, schemaUrl }: OtlpResourceSpans): void {
    this.#message(1, resource, 'resource', ({ attributes, droppedAttributesCount }) => {
      this.#attributes(1, attributes);
      this.#count(2, droppedAttributesCount);
    });
    this.#messages(2, scopeSpans, 'scopeSpans', (each) => this.#scopeSpans(each));
    this.#text(3, schemaUrl, 'schemaUrl');
  }

  #scopeSpans({ scope, spans, schemaUrl }: OtlpScopeSpans): void {
    this.#message(1, scope, 'scope', ({ name, version, attributes, droppedAttributesCount }) => {
      this.#text(1, name, 'scope.name');
      this.#text(2, version, 'scope.version');
      this.#attributes(3, attributes);
      this.#count(4, droppedAttributesCount);
    });
    for (const span of objects(spans, 'spans')) {
      const why = idFault(span);
      if (why === null) this.out.message(2, () => this.#span(span));
      else {
        this.rejected++;
        this.reason ??= why;
      }
    }
    this.#text(3, schemaUrl, 'schemaUrl');
  }

  #span(span: OtlpSpan): void {
    this.#id(1, span.traceId);
    this.#id(2, span.spanId);
    this.#text(3, span.traceState, 'traceState');
    this.#id(4, span.parentSpanId);
    this.#text(5, span.name, 'name');
    this.#enum(6, spanKindNumber(span.kind));
    this.#nano(7, span.startTimeUnixNano, 'startTimeUnixNano');
    this.#nano(8, span.endTimeUnixNano, 'endTimeUnixNano');
    this.#attributes(9, span.attributes);
    this.#count(10, span.droppedAttributesCount);
    this.#messages(11, span.events, 'events', (event) => this.#event(event));
    this.#count(12, span.droppedEventsCount);
    this.#messages(13, span.links, 'links', (link) => this.#link(link));
    this.#count(14, span.droppedLinksCount);
    this.#message(15, span.status, 'status', ({ message, code }) => {
      this.#text(2, message, 'status.message');
      this.#enum(3, statusCodeNumber(code));
    });
    this.#flags(16, span.flags);
  }

  #event({ timeUnixNano, name, attributes, droppedAttributesCount }: OtlpEvent): void {
    this.#nano(1, timeUnixNano, 'events.timeUnixNano');
    this.#text(2, name, 'events.name');
    this.#attributes(3, attributes);
    this.#count(4, droppedAttributesCount);
  }

  #link(link: OtlpLink): void {
    this.#id(1, link.traceId);
    this.#id(2, link.spanId);
    this.#text(3, link.traceState, 'links.traceState');
    this.#attributes(4, link.attributes);
    this.#count(5, link.droppedAttributesCount);
    this.#flags(6, link.flags);
  }

  #attributes(
    field: number,
    attributes: readonly OtlpKeyValue[] | null | undefined,
    depth = 1,
  ): void {
    this.#messages(field, attributes, 'attributes', ({ key, value }) => {
      this.#text(1, key, 'attributes.key');
      this.#message(2, value, 'attributes.value', (each) => this.#value(each, depth));
    });
  }

  #value(value: OtlpAnyValue, depth: number): void {
    if (depth > MAX_VALUE_DEPTH) {
      throw new MalformedOtlpError(`Attribute values may be nested ${MAX_VALUE_DEPTH} deep`);
    }
    const { stringValue, intValue, boolValue, doubleValue, bytesValue } = value;
    if (isThere(stringValue)) this.out.text(1, text(stringValue, 'stringValue'));
    else if (isThere(intValue)) {
      const int = integer(intValue, 'intValue');
      if (int !== BigInt.asIntN(64, int)) {
        throw new MalformedOtlpError(`intValue must fit 64 bits; it is ${int}`);
      }
      this.out.int64(3, int);
    } else if (isThere(boolValue)) this.out.bool(2, boolValue === true);
    else if (isThere(doubleValue)) this.out.double(4, Number(doubleValue));
    else if (value.arrayValue) {
      this.#message(5, value.arrayValue, 'arrayValue', ({ values }) =>
        this.#messages(1, values, 'arrayValue', (each) => this.#value(each, depth + 1)),
      );
    } else if (value.kvlistValue) {
      this.#message(6, value.kvlistValue, 'kvlistValue', ({ values }) =>
        this.#attributes(1, values, depth + 1),
      );
    } else if (isThere(bytesValue)) {
      this.out.bytes(7, Buffer.from(text(bytesValue, 'bytesValue'), 'base64'));
    }
  }

  #message<T extends object>(
    field: number,
    value: T | null | undefined,
    name: string,
    write: (value: T) => void,
  ): void {
    if (isThere(value)) this.out.message(field, () => write(object(value, name)));
  }

  #messages<T extends object>(
    field: number,
    values: readonly T[] | null | undefined,
    name: string,
    write: (value: T) => void,
  ): void {
    for (const each of objects(values, name)) this.out.message(field, () => write(each));
  }

  #text(field: number, value: unknown, name: string): void {
    if (isThere(value) && value !== '') this.out.text(field, text(value, name));
  }

  /** An id that has been checked. */
  #id(field: number, hex: string | undefined): void {
    const id = normalId(hex);
    if (id !== '') this.out.bytes(field, Buffer.from(id, 'hex'));
  }

  #nano(field: number, value: unknown, name: string): void {
    if (!isThere(value)) return;
    const nano = integer(value, name);
    if (nano !== BigInt.asUintN(64, nano)) {
      throw new MalformedOtlpError(`${name} must be from 0 to 2^64 − 1; it is ${nano}`);
    }
    this.out.fixed64(field, nano);
  }

  #enum(field: number, value: number): void {
    if (value !== 0) this.out.uint(field, value);
  }

  #count(field: number, value: unknown): void {
    if (value) this.out.uint(field, Number(value) >>> 0);
  }

  #flags(field: number, value: unknown): void {
    if (value) this.out.fixed32(field, Number(value) >>> 0);
  }
}
