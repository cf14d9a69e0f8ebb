import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { analyse } from '../../../lab/analysis/analysis.ts';
import { escapeHtml, scriptJson } from '../../../lab/report/escape.ts';
import { renderHtml } from '../../../lab/report/html.ts';
import type { PageData } from '../../../lab/report/pageData.ts';
import type { Run } from '../../../lab/run.ts';
import { type SyntheticOptions, syntheticRun } from '../syntheticRun.ts';

function pageOf(options: SyntheticOptions = {}, change: Partial<Run> = {}): string {
  const synthetic = syntheticRun({ baselineMs: 4000, pausesMs: 9000, ...options });
  const run = { ...synthetic.run, ...change };
  return renderHtml({ version: 1, run, analysis: analyse(run, synthetic.spans) }, synthetic.spans);
}

function dataOf(page: string): PageData {
  const json = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)?.[1];
  return JSON.parse(json ?? 'null');
}

const hostile = '</script><script>alert(1)</script><!--<img src=x onerror=alert(2)> & "\u2028';

test('renderHtml() loads nothing: no address, no file, no import', () => {
  const page = pageOf();
  expect(page).not.toMatch(/\b(?:src|href|action|srcset)\s*=/i);
  expect(page).not.toMatch(/@import|url\(|fetch\(|XMLHttpRequest|import\(/);
  // uPlot's banner names its home; nothing is fetched from there.
  const addresses = new Set(page.match(/https?:\/\/[^\s"'<)]+/g));
  for (const address of addresses)
    expect(address).toMatch(/^https:\/\/github\.com\/leeoniya\/uPlot/);
});

test('renderHtml() lets no name from a mesh, failure or span out of its place', () => {
  const { run } = syntheticRun({ baselineMs: 0, pausesMs: 0 });
  const page = pageOf(
    {},
    {
      mesh: { ...run.mesh, name: hostile, description: hostile },
      machine: { ...run.machine, cpuModel: hostile },
      failures: [hostile],
      warnings: [hostile],
      startedAt: hostile,
    },
  );
  expect(page).not.toContain('<script>alert');
  expect(page).not.toContain('<img');
  expect(page.match(/<script/g)).toHaveLength(3);
  expect(page.match(/<\/script>/g)).toHaveLength(3);
});

test('renderHtml() has scripts that parse', () => {
  const scripts = [...pageOf().matchAll(/<script>(.*?)<\/script>/gs)].map(([, code]) => code ?? '');
  expect(scripts).toHaveLength(2);
  for (const code of scripts) runInNewContext(`() => {${code}\n}`);
});

test('renderHtml() inlines every request of a small run, with its state', () => {
  const { scatters, pauses, fold, curve, pausesFromS } = dataOf(pageOf());
  expect(scatters.map(({ name }) => name)).toEqual(['1 gateway', '2 auth', '3 user']);
  for (const { timesS, latenciesMs, states, outOf } of scatters) {
    expect([latenciesMs.length, states.length, outOf]).toEqual(Array(3).fill(timesS.length));
    expect(timesS).toEqual(timesS.toSorted((a, b) => a - b));
    expect(states).toContain(1);
    expect(states).not.toContain(2);
  }
  expect(pauses).toHaveLength(3);
  expect(pausesFromS).toBeCloseTo(4, 1);
  expect(fold?.pauseMs).toBeCloseTo(120, 6);
  expect(Math.max(...(fold?.latenciesMs ?? []))).toBeGreaterThan(100);
  expect(curve.pausesMs.at(-1)).toBeGreaterThan(100);
});

test('renderHtml() draws the slowest traces with the pause across the paused service', () => {
  const page = pageOf();
  const rows = page.match(/<div class="row">.*?<\/div>/gs) ?? [];
  expect(rows).toHaveLength(12);
  const paused = rows.filter((row) => row.includes('class="band"'));
  expect(paused).toHaveLength(2);
  expect(paused[1]).toMatch(/<b>user<\/b> <em>handler<\/em>.*waits 1\d\d ms, in no span/s);
});

test.each<{ when: string; options: SyntheticOptions; change?: Partial<Run> }>([
  { when: 'there are no pauses', options: { pauseStartsMs: [] } },
  { when: 'there is no baseline', options: { baselineMs: 0 } },
  { when: 'there is no request', options: { baselineMs: 0, pausesMs: 0, pauseStartsMs: [] } },
  { when: 'everything failed', options: { timeoutMs: 0.5 } },
  { when: 'some were dropped', options: { dropped: 30 } },
  { when: 'no phase was begun', options: {}, change: { phases: [], spans: {}, collector: null } },
])('renderHtml() gives a whole page when $when', ({ options, change }) => {
  const page = pageOf(options, change);
  expect(page).toMatch(/<\/html>\n$/);
  expect(page.replace(/<script>.*?<\/script>/gs, '')).not.toMatch(/NaN|undefined|Infinity/);
  expect(dataOf(page)).not.toBeNull();
});

test('renderHtml() speaks of a paused service only where one was', () => {
  expect(pageOf({})).toContain('The paused service’s handler looks innocent');
  expect(pageOf({ pauseStartsMs: [] })).not.toContain('The paused service');
});

test('escapeHtml() and scriptJson() leave nothing that could end their place', () => {
  expect(escapeHtml(`<b a='1' c="2">&`)).toBe('&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;');
  expect(scriptJson({ text: hostile })).not.toMatch(/[<\u2028\u2029]/);
  expect(JSON.parse(scriptJson({ text: hostile }))).toEqual({ text: hostile });
});
