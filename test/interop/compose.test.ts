import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JaegerSource } from '../../traces/source/jaeger.ts';
import type { Span } from '../../traces/span.ts';
import { type SpanTreePattern, traceMatchers } from '../../traces/vitest/index.ts';
import { runMeshExample } from '../traces/meshExample.ts';
import { ComposeProject, whyNoDocker } from './composeProject.ts';
import { until } from './tools/until.ts';

expect.extend(traceMatchers);

const missing = await whyNoDocker();
/** All but Grafana, which only shows what these hold. */
const services = ['gateway', 'auth', 'user', 'lab', 'collector', 'jaeger', 'prometheus'];

let project: ComposeProject;
let jaeger: JaegerSource;

describe.skipIf(missing !== null)(
  `docker compose${missing === null ? '' : ` (skipped: ${missing})`}`,
  () => {
    beforeAll(async () => {
      project = await ComposeProject.create(`aftershock-test-${process.pid}`);
      jaeger = new JaegerSource(project.queryUrl);
      await project.compose('build');
    });
    afterAll(() => project?.remove());

    test('`up --wait` returns when a trace that a pause has hit can be read', async () => {
      await project.compose('up', '--detach', '--wait', '--wait-timeout', '110', ...services);
      const found = await search('load');
      const pauses = (await search('user', 'pause gc')).flat();
      const hit = found.filter((trace) =>
        trace.some((span) => pauses.some((pause) => overlap(pause, span))),
      );
      expect(hit).not.toEqual([]);
    });

    test('its traces lead from the lab to user, with tracestate on each hop', async () => {
      const [trace] = await until('a whole trace', 20_000, async () => {
        const whole = (await search('load')).filter(
          (spans) => new Set(spans.map(serviceOf)).size === 4,
        );
        return whole.length > 0 ? whole : undefined;
      });
      const hop = (service: string, kind: 'server' | 'client', ...children: SpanTreePattern[]) => ({
        service,
        kind,
        children,
      });
      const user = hop('user', 'server');
      const auth = hop('auth', 'server', hop('auth', 'client', user));
      const gateway = hop('gateway', 'server', hop('gateway', 'client', auth));
      expect(trace).toHaveSpanTree(hop('load', 'client', gateway));
      expect(trace).toHaveNoOrphans();
      expect(trace).toCarryTracestate({ aftershock: /^h:\d+;t:\d+$/ });
    });

    test("the example's trace tests pass on it, with Jaeger for their source", async () => {
      const output = await runMeshExample({
        GATEWAY_URL: `http://127.0.0.1:${project.ports.GATEWAY_PORT}`,
        TRACES_URL: project.queryUrl,
      });
      expect(output).toMatch(/5 passed/);
    });

    test('no container is root, was restarted or ran out of memory; all fit into 1.5 GB', async () => {
      const containers = await project.containers();
      expect(containers.map(({ service }) => service).toSorted()).toEqual(services.toSorted());
      for (const { service, restarts, outOfMemory, user, health } of containers) {
        expect({
          service,
          restarts,
          outOfMemory,
          root: /^(0|root)?(:|$)/.test(user),
          health,
        }).toEqual({
          service,
          restarts: 0,
          outOfMemory: false,
          root: false,
          health: service === 'collector' ? null : 'healthy',
        });
      }
      const total = containers.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
      expect(total).toBeLessThan(1.5e9);
    });

    test('a service can be frozen in its container', async () => {
      const order = JSON.stringify({ kind: 'freeze', durationMs: 200, phase: 'poll' });
      const answer = await project.evaluate(
        'user',
        `fetch('http://127.0.0.1:9080/pauses', { method: 'POST', body: '${order}',
          headers: { 'content-type': 'application/json' } })
          .then((response) => response.text()).then(console.log)`,
      );
      const { kind, measuredMs } = JSON.parse(answer) as { kind: string; measuredMs: number };
      expect(kind).toBe('freeze');
      expect(measuredMs).toBeGreaterThanOrEqual(195);
    });

    test('a second replica of user takes part of the load', async () => {
      await project.compose('up', '--detach', '--wait', '--wait-timeout', '60', 'user-2');
      // Auth keeps its connections, so it looks at the names again only for new ones.
      await project.compose('restart', '--timeout', '5', 'auth');
      await until('spans of two instances of user', 60_000, async () => {
        const instances = (await search('user', undefined, 10_000))
          .flat()
          .filter((span) => serviceOf(span) === 'user')
          .map(({ resource }) => resource.attributes['service.instance.id']);
        return new Set(instances).size > 1 || undefined;
      });
    });

    test('`run --rm lab run` does an experiment against the stack', async () => {
      const args = ['run', '--rm', '-T', 'lab', 'run', '--mesh', 'mesh/article.yaml'];
      const output = await project.compose(...args, '--duration', '4s');
      expect(output).toContain('The article’s table beside this run’s');
      expect(output).toMatch(/Spans: ([\d,]+) ended, \1 stored [^,]+, 0 dropped, 0 lost/);
    });

    test('`down` keeps what the volumes hold', async () => {
      await project.compose('--profile', 'replica', 'down', '--timeout', '5');
      const list = "console.log(fs.readdirSync('runs', { recursive: true }).join(' '))";
      const node = ['--entrypoint', '/nodejs/bin/node', 'lab', '--eval', list];
      expect(await project.compose('run', '--rm', '-T', '--no-deps', ...node)).toContain(
        'result.json',
      );
      const samples = ['--entrypoint', '/bin/ls', 'prometheus', '/prometheus'];
      expect(await project.compose('run', '--rm', '-T', '--no-deps', ...samples)).toContain('wal');
    });
  },
);

/** Traces of the last `lookBackMs`, each with the span that was searched for among the others. */
async function search(service: string, operation?: string, lookBackMs = 60_000) {
  const endUnixNano = BigInt(Date.now()) * 1_000_000n;
  const startUnixNano = endUnixNano - BigInt(lookBackMs) * 1_000_000n;
  const what = { service, startUnixNano, endUnixNano };
  const traces: Span[][] = [];
  for await (const trace of jaeger.searchTraces(operation ? { ...what, operation } : what)) {
    traces.push(trace);
  }
  return traces;
}

function serviceOf({ resource }: Span): string {
  return String(resource.attributes['service.name']);
}

function overlap(one: Span, other: Span): boolean {
  return one.startUnixNano < other.endUnixNano && other.startUnixNano < one.endUnixNano;
}
