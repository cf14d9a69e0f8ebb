import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import type { Span } from '../../traces/span.ts';

/**
 * Takes a picture of Jaeger's own page: of the last 15 minutes of steady load the trace whose last
 * service was called longest before its own span began. Needs Chromium; `CHROMIUM` names it.
 * `npm run picture:jaeger -- [file] [Jaeger's URL]`
 */
const [file = 'docs/jaeger.png', jaeger = 'http://127.0.0.1:16686'] = process.argv.slice(2);
const lookbackNano = 15n * 60n * 1_000_000_000n;
/** A second for the last spans to arrive. */
const arrivalNano = 1_000_000_000n;

const endUnixNano = BigInt(Date.now()) * 1_000_000n - arrivalNano;
const found = new JaegerSource(jaeger).searchTraces({
  service: 'load',
  startUnixNano: endUnixNano - lookbackNano,
  endUnixNano,
});
let shown: Span[] | undefined;
for await (const spans of found) {
  if (shown === undefined || waitedNano(spans) > waitedNano(shown)) shown = spans;
}
if (shown === undefined) {
  throw new Error(`${jaeger} has no trace of service load: docker compose up --wait, then again`);
}

const profile = mkdtempSync(join(tmpdir(), 'aftershock-chromium-'));
try {
  execFileSync(
    process.env.CHROMIUM ?? 'chromium',
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--user-data-dir=${profile}`,
      '--virtual-time-budget=15000',
      `--window-size=1400,${240 + 30 * shown.length}`,
      `--screenshot=${resolve(file)}`,
      `${jaeger}/trace/${shown[0]?.traceId}`,
    ],
    { stdio: 'ignore' },
  );
} finally {
  rmSync(profile, { recursive: true });
}
console.log(
  `${file} shows trace ${shown[0]?.traceId}: a wait of ${waitedNano(shown) / 1_000_000n} ms`,
);

/** Longest time from a call's start to that of the called service's own span. */
function waitedNano(spans: readonly Span[]): bigint {
  const starts = new Map(spans.map(({ spanId, startUnixNano }) => [spanId, startUnixNano]));
  return spans
    .filter(({ kind }) => kind === 'server')
    .map(
      ({ startUnixNano, parentSpanId }) =>
        startUnixNano - (starts.get(parentSpanId) ?? startUnixNano),
    )
    .reduce((longest, waited) => (waited > longest ? waited : longest), 0n);
}
