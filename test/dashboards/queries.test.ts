import { expect, test } from 'vitest';
import { comparedParts, filledIn, metricNames, syntaxErrors } from './promql.ts';
import { askedQueries } from './queries.ts';
import { rules } from './rules.ts';
import { writtenMetrics } from './writtenMetrics.ts';

const recorded = rules().flatMap(({ record }) => record ?? []);
const known = new Set([...Object.values(writtenMetrics).flat(), ...recorded]);

test.each(askedQueries())('$where is PromQL', ({ expr }) => {
  expect(syntaxErrors(expr)).toEqual([]);
});

test.each(askedQueries())('$where reads only metrics that something writes', ({ expr }) => {
  expect([...metricNames(expr)].filter((name) => !known.has(name))).toEqual([]);
});

test('no metric is listed that nothing reads', () => {
  const read = new Set(askedQueries().flatMap(({ expr }) => [...metricNames(expr)]));
  const listed = Object.values(writtenMetrics).flat();
  expect(listed.filter((name) => !read.has(name))).toEqual([]);
});

test.each([
  { expr: 'sum(rate(a_total[1m])) or vector(0)', names: ['a_total'] },
  { expr: 'a / on (job) b{job="c"}', names: ['a', 'b'] },
  { expr: '{__name__=~"a(_total)?",job="c"}', names: ['/a(_total)?/'] },
  { expr: '{__name__="a"}', names: ['a'] },
  { expr: 'time() - max(level:a:rate5m)', names: ['level:a:rate5m'] },
])('metricNames() of $expr are $names', ({ expr, names }) => {
  expect([...metricNames(expr)]).toEqual(names);
});

test.each(['sum(rate(a[1m])', 'rate(a[])', 'a b', 'sum by le (a)'])('%s is no PromQL', (expr) => {
  expect(syntaxErrors(expr)).not.toEqual([]);
});

test.each([
  { expr: 'a > 5', parts: ['a'] },
  { expr: '(rate(a[1m]) and b) >= 0.2', parts: ['rate(a[1m])', 'b'] },
  { expr: 'absent(a{b="c"})', parts: ['a{b="c"}'] },
  { expr: 'a == 0 unless on (job) b', parts: ['a', 'b'] },
  { expr: 'sum(a) / sum(b)', parts: ['sum(a) / sum(b)'] },
])('comparedParts() of $expr are $parts', ({ expr, parts }) => {
  expect(comparedParts(expr)).toEqual(parts);
});

test('a variable that no dashboard has is an error that names it', () => {
  expect(() => filledIn('a{b="$other"}')).toThrow(/no dashboard has the variable \$other/i);
  expect(filledIn('a{b=~"$service"}[$__rate_interval]')).toBe('a{b=~".+"}[20s]');
});
