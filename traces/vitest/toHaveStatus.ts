import { type Expected, fits, show } from '../pattern.ts';
import type { Span } from '../span.ts';
import { viewOf } from './subject.ts';
import { type MatcherContext, type MatcherResult, report } from './verdict.ts';

export function toHaveStatus(
  this: MatcherContext,
  received: unknown,
  code: Span['status']['code'],
  message?: Expected<string>,
): MatcherResult {
  const { trace, span } = viewOf(received);
  const { status } = span;
  const messageFits = message === undefined || fits(status.message, message);
  const show1 = (shownCode: string, text: unknown) =>
    message === undefined ? shownCode : `${shownCode} ${show(text)}`;
  const actual = show1(status.code, status.message);
  return report(this, trace, 'toHaveStatus', {
    pass: status.code === code && messageFits,
    must: `have on "${span.name}" the status ${show1(code, message)}`,
    expected: show1(code, message),
    actual,
    notes: new Map([[span.spanId, [`its status is ${actual}`]]]),
  });
}
