import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import type { Span } from '../../traces/span.ts';

/**
 * Takes a picture of Jaeger's own page: the slowest whole trace of the last 15 minutes of steady
 * load. Needs Chromium; `CHROMIUM` names it.
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
let slowest: Span[] | undefined;
for await (const spans of found) {
  const whole = spans.some((span) => service(span) === 'user');
  if (whole && (slowest === undefined || durationNano(spans) > durationNano(slowest)))
    slowest = spans;
}
if (slowest === undefined) {
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
      `--window-size=1400,${240 + 30 * slowest.length}`,
      `--screenshot=${resolve(file)}`,
      `${jaeger}/trace/${slowest[0]?.traceId}`,
    ],
    { stdio: 'ignore' },
  );
} finally {
  rmSync(profile, { recursive: true });
}
console.log(`${file} shows trace ${slowest[0]?.traceId}, ${durationNano(slowest) / 1_000_000n} ms`);

function service({ resource }: Span): unknown {
  return resource.attributes['service.name'];
}

function durationNano(spans: readonly Span[]): bigint {
  const root = spans.find(({ parentSpanId }) => parentSpanId === '');
  return root === undefined ? 0n : root.endUnixNano - root.startUnixNano;
}
