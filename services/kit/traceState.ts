import type { TraceState as TraceStateApi } from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';

const key = '[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13}';
const value = '[ -+\\--<>-~]{0,255}[!-+\\--<>-~]';
/** A list of members without white space around them, as senders write it. */
const plainList = new RegExp(`^(?:${key})=${value}(?:,(?:${key})=${value}){0,31}$`);
/** The longest that the SDK's own class takes. */
const maxLength = 512;

/**
 * A received tracestate: passed on as it came where it is plain, which one look tells, and without
 * its faulty members, as the SDK reads it, where it is not. The SDK's class takes every list apart
 * and puts it together again, for each request and each span.
 */
export function receivedTraceState(header: string): TraceStateApi {
  return header.length <= maxLength && plainList.test(header)
    ? new PlainTraceState(header)
    : new TraceState(header);
}

class PlainTraceState implements TraceStateApi {
  readonly #header: string;

  constructor(header: string) {
    this.#header = header;
  }

  serialize(): string {
    return this.#header;
  }

  get(key: string): string | undefined {
    return this.#parsed().get(key);
  }

  set(key: string, value: string): TraceStateApi {
    return this.#parsed().set(key, value);
  }

  unset(key: string): TraceStateApi {
    return this.#parsed().unset(key);
  }

  #parsed(): TraceState {
    return new TraceState(this.#header);
  }
}
