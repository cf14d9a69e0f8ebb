import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Collector, startCollector } from '../../collector/collector.ts';
import { settle } from '../../traces/settle.ts';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import { Trace } from '../../traces/trace.ts';
import { newTraceParent, parseTraceParent } from '../../traces/traceparent.ts';
import { languages, missingTools } from './languages/languages.ts';
import { binary } from './tools/binaries.ts';
import { freePorts } from './tools/freePorts.ts';
import { Program } from './tools/program.ts';
import { run } from './tools/run.ts';
import { until } from './tools/until.ts';

let collector: Collector;
let source: JaegerSource;

beforeAll(async () => {
  collector = await startCollector({ port: 0, queryPort: 0 });
  source = new JaegerSource(collector.queryUrl);
});
afterAll(() => collector?.stop());

async function traceOf(traceId: string): Promise<Trace> {
  return new Trace((await source.getTrace(traceId)) ?? []);
}

for (const language of languages) {
  const missing = missingTools(language.tools);
  const why = missing.length > 0 ? ` (skipped: there is no ${missing.join(', ')})` : '';

  describe.skipIf(missing.length > 0)(`OTLP as ${language.name} sends it${why}`, () => {
    let command: readonly [string, ...string[]];
    beforeAll(async () => {
      command = await language.command();
    });

    test.each(['none', 'gzip'])('is read back as it was meant, compression %s', async (way) => {
      const [program, ...args] = command;
      const { code, output } = await run(program, args, {
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.otlpUrl,
          OTEL_EXPORTER_OTLP_COMPRESSION: way,
        },
      });
      expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/[0-9a-f]{32}/) });
      const trace = await traceOf(output.trim().split('\n').at(-1) ?? '');

      const server = trace.root;
      expect(trace.spans).toHaveLength(2);
      expect(server?.span).toMatchObject({
        name: 'GET /',
        kind: 'server',
        parentSpanId: '',
        status: { code: 'unset', message: '' },
        attributes: {
          text: 'naïve 𝄞',
          yes: true,
          count: 200,
          half: 0.5,
          texts: ['a', 'b'],
          numbers: [1, 2],
        },
        resource: { attributes: { 'service.name': 'other-language' } },
        scope: { name: 'language-test', version: '1.2.3' },
        links: [{ attributes: { why: 'follows' } }],
      });
      const client = server?.children[0];
      expect(client?.span).toMatchObject({
        name: 'GET',
        kind: 'client',
        status: { code: 'error', message: 'it broke' },
        events: [{ name: 'retry', attributes: { attempt: 1 } }],
      });
      const { startUnixNano = 0n, endUnixNano = 0n } = client?.span ?? {};
      expect(startUnixNano).toBeGreaterThan(1_700_000_000_000_000_000n);
      expect(endUnixNano).toBeGreaterThanOrEqual(startUnixNano);
      expect(trace.clockSkew).toEqual([]);

      const [link] = server?.span.links ?? [];
      const linked = await traceOf(link?.traceId ?? '');
      expect(linked.get(link?.spanId ?? '')?.span.name).toBe('earlier');
    });
  });
}

const noGo = missingTools(['go']).length > 0;
const whyNot = noGo ? ' (skipped: there is no go)' : '';

describe.skipIf(noGo)(`OTLP of another program${whyNot}`, () => {
  test('HotROD: its trace settles, below the parent that was sent', async () => {
    const path = await binary('hotrod');
    const folder = mkdtempSync(join(tmpdir(), 'aftershock-hotrod-'));
    const names = ['frontend', 'customer', 'driver', 'route'] as const;
    const ports = await freePorts(names);
    const frontend = `http://127.0.0.1:${ports.frontend}`;
    const program = await Program.start({
      ...{ name: 'hotrod', path, logFile: join(folder, 'hotrod.log'), healthUrl: `${frontend}/` },
      args: [
        'all',
        ...names.map((name) => `--${name}-service-port=${ports[name]}`),
        ...names.map((name) => `--${name}-service-hostname=127.0.0.1`),
      ],
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.otlpUrl,
        OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      },
    });
    try {
      const traceparent = newTraceParent();
      const answer = await until('a driver to be dispatched', 20_000, async () => {
        const response = await fetch(`${frontend}/dispatch?customer=123`, {
          headers: { traceparent },
        });
        return response.ok ? ((await response.json()) as { Driver: string }) : undefined;
      });
      expect(answer.Driver).toMatch(/^T7/);
      const trace = await settle(source, traceparent, { timeoutMs: 20_000 });
      expect(trace.root?.span.parentSpanId).toBe(parseTraceParent(traceparent).parentId);
      expect(trace.services.toSorted()).toEqual(
        ['customer', 'driver', 'frontend', 'mysql', 'redis-manual', 'route'].toSorted(),
      );
      expect(trace.orphans).toEqual([]);
      expect(trace.filter({ service: 'route', kind: 'server' }).length).toBe(10);
      const total = trace.blame.reduce((sum, { durationNano }) => sum + durationNano, 0n);
      expect(total).toBe(trace.durationNano);
    } finally {
      await program.stop();
      rmSync(folder, { recursive: true });
    }
  });
});
