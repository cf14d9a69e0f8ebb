import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { encodeOtlpJson } from '../../traces/otlp/encode.ts';
import { TempoSource } from '../../traces/source/tempo.ts';
import type { Span } from '../../traces/span.ts';
import { span } from '../traces/span.ts';
import { traceSourceCases } from '../traces/traceSourceCases.ts';
import { freePorts } from './tools/freePorts.ts';
import { Program } from './tools/program.ts';
import { until } from './tools/until.ts';

const path = process.env.TEMPO ?? '';
const host = '127.0.0.1';

interface Tempo {
  readonly url: string;
  store(spans: readonly Span[]): Promise<void>;
  stop(): Promise<void>;
}

/** One process, its blocks in a folder; a trace goes into a block a second after its last span. */
async function startTempo(): Promise<Tempo> {
  const folder = mkdtempSync(join(tmpdir(), 'aftershock-tempo-'));
  const ports = await freePorts(['http', 'grpc', 'otlp', 'gossip']);
  const ring = { kvstore: { store: 'inmemory' } };
  const config = {
    target: 'all',
    server: {
      ...{ http_listen_address: host, http_listen_port: ports.http },
      ...{ grpc_listen_address: host, grpc_listen_port: ports.grpc },
    },
    usage_report: { reporting_enabled: false },
    distributor: {
      receivers: { otlp: { protocols: { http: { endpoint: `${host}:${ports.otlp}` } } } },
    },
    ingester: {
      lifecycler: {
        ...{ address: host, min_ready_duration: '0s' },
        ring: { ...ring, replication_factor: 1 },
      },
      ...{ trace_idle_period: '1s', flush_check_period: '1s' },
    },
    compactor: { disabled: true },
    memberlist: { bind_addr: [host], bind_port: ports.gossip },
    storage: {
      trace: {
        backend: 'local',
        local: { path: join(folder, 'blocks') },
        wal: { path: join(folder, 'wal') },
      },
    },
  };
  const file = join(folder, 'tempo.yaml');
  writeFileSync(file, stringify(config));
  const url = `http://${host}:${ports.http}`;
  const program = await Program.start({
    ...{ name: 'tempo', path, args: [`-config.file=${file}`] },
    ...{ logFile: join(folder, 'tempo.log'), healthUrl: `${url}/ready` },
  });
  return {
    url,
    async store(spans) {
      const body = JSON.stringify(encodeOtlpJson(spans));
      const headers = { 'content-type': 'application/json' };
      const otlpUrl = `http://${host}:${ports.otlp}/v1/traces`;
      const response = await fetch(otlpUrl, { method: 'POST', headers, body });
      expect(response.status).toBe(200);
    },
    async stop() {
      await program.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

describe.skipIf(path === '')('Tempo: set TEMPO to the path of a real one, 2.6 or newer', () => {
  traceSourceCases('TempoSource at a real Tempo', async () => {
    const { url, store, stop } = await startTempo();
    return { source: new TempoSource(url), store, stop };
  });

  describe('TempoSource at a real Tempo that has written to a block', () => {
    let tempo: Tempo;
    beforeAll(async () => {
      tempo = await startTempo();
    });
    afterAll(() => tempo?.stop());

    test('gives everything but the flags', async () => {
      const source = new TempoSource(tempo.url);
      const stored = {
        ...span('a'.repeat(16), '', 0),
        ...{ startUnixNano: 1_760_000_000_123_456_789n, endUnixNano: 1_760_000_000_123_456_790n },
        ...{ flags: 0x101, attributes: { list: ['a'], big: 2n ** 60n, ü: true } },
        traceState: 'a=b',
        resource: { attributes: { 'service.name': 'web' } },
      };
      await tempo.store([stored]);
      const found = await until('the trace to be in a block', 30_000, async () => {
        const [first] = (await source.getTrace(stored.traceId)) ?? [];
        return first?.flags === 0 ? first : undefined;
      });
      expect(found).toEqual({ ...stored, flags: 0 });
    });

    test('is null for an unknown trace, and says why an id is refused', async () => {
      const source = new TempoSource(tempo.url);
      expect(await source.getTrace('f'.repeat(32))).toBeNull();
      await expect(source.getTrace('xyz')).rejects.toMatchObject({
        trouble: 'refused',
        message: expect.stringMatching(/with status 400: trace IDs can only contain hex/),
      });
    });

    test('is malformed at another path of its', async () => {
      const source = new TempoSource(`${tempo.url}/tempo`);
      await expect(source.getTrace('f'.repeat(32))).rejects.toMatchObject({
        trouble: 'malformed',
        message: expect.stringMatching(/it knows no such path: 404 page not found/),
      });
    });
  });
});
