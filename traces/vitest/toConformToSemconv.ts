import { SpanView } from '../trace.ts';
import { type Breach, semconvBreaches } from './semconv.ts';
import { type ConventionName, semconvVersion } from './semconvRules.ts';
import { traceOf } from './subject.ts';
import { type MatcherContext, type MatcherResult, report } from './verdict.ts';

export interface SemconvScope {
  /** The conventions to hold spans to. Default: all. */
  readonly only?: readonly ConventionName[];
  /** Rules that need not hold, as a failure names them: `http.client: server.port`. */
  readonly ignore?: readonly string[];
}

const shown = 5;

/**
 * Spans of HTTP and of databases, exceptions and resources are as the stable conventions have them:
 * what must be there is there, of its type, under its present name. Of a trace all its spans, of a
 * span only it. Attributes that no stable convention names may be anything.
 */
export function toConformToSemconv(
  this: MatcherContext,
  received: unknown,
  { only, ignore = [] }: SemconvScope = {},
): MatcherResult {
  const trace = traceOf(received);
  const spans = received instanceof SpanView ? [received.span] : trace.spans;
  const breaches = semconvBreaches(spans, only, ignore);
  const rules = [...Map.groupBy(breaches, ({ rule }) => rule).values()];
  const ofSpans = Map.groupBy(breaches, ({ span }) => span.spanId);
  return report(this, trace, 'toConformToSemconv', {
    pass: breaches.length === 0,
    must: `be as the semantic conventions ${semconvVersion} have it${only === undefined ? '' : ` for ${only.join(', ')}`}`,
    expected:
      rules.length === 0 ? 'as they have it' : rules.map(([first]) => wanted(first)).join('; '),
    actual: rules.length === 0 ? 'as they have it' : rules.map(given).join('; '),
    notes: new Map(
      [...ofSpans].map(([spanId, list]) => [
        spanId,
        [list.slice(0, shown).map(sentence).join('; ')],
      ]),
    ),
  });
}

function wanted(breach: Breach | undefined): string {
  return `${breach?.attribute}: ${breach?.right}`;
}

function given(breaches: readonly Breach[]): string {
  const [first] = breaches;
  const times = breaches.length > 1 ? ` (${breaches.length} spans)` : '';
  return `${first?.attribute}: ${first?.value}${times}`;
}

function sentence({ rule, value, right }: Breach): string {
  return `${rule} is ${value}, must be ${right}`;
}
