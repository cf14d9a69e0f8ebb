import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Collector, startCollector } from '../../collector/collector.ts';
import { MIN_STORE_BYTES } from '../../collector/store.ts';
import { diagnose } from '../../lab/doctor/diagnose.ts';
import { gather } from '../../lab/doctor/gather.ts';
import type { Diagnosis, Stage } from '../../lab/doctor/stage.ts';
import { type TargetName, targets } from '../../lab/doctor/targets.ts';
import { attributes, otlpRequest, otlpSpan, post } from '../collector/otlp.ts';
import { stub } from '../services/support.ts';
import { RealMesh, type ServiceName } from './fixtures/realMesh.ts';

let collector: Collector;
let mesh: RealMesh;

beforeAll(async () => {
  collector = await startCollector({ port: 0, queryPort: 0 });
  mesh = await RealMesh.start(collector.otlpUrl);
});

afterAll(async () => {
  await mesh.kill();
  await collector.stop();
});

interface Ask {
  readonly at?: Partial<Record<TargetName, string>>;
  /** Services whose admin API is named. */
  readonly admins?: readonly ServiceName[];
  readonly timeoutMs?: number;
  readonly say?: (line: string) => void;
}

/** The doctor on the running mesh, but for what `at` says. */
async function doctor(ask: Ask = {}): Promise<Diagnosis> {
  const { at = {}, admins = [], timeoutMs = 10_000, say = () => {} } = ask;
  const urls = {
    gateway: mesh.url('gateway'),
    collector: collector.otlpUrl,
    query: collector.queryUrl,
    ...at,
  };
  const evidence = await gather({
    targets: targets(urls, {}),
    admins: Object.fromEntries(admins.map((name) => [name, mesh.adminUrl(name)])),
    timeoutMs,
    sinceMs: 60_000,
    say,
  });
  return diagnose(evidence);
}

function stage({ stages }: Diagnosis, name: string): Stage {
  const found = stages.find((each) => each.name.endsWith(name));
  if (found === undefined) throw new Error(`No stage ${name} in ${JSON.stringify(stages)}`);
  return found;
}

/** A URL of this machine where nothing listens. */
async function closedUrl(): Promise<string> {
  const { url, server } = await stub(() => {});
  await new Promise((resolve) => server.close(resolve));
  return url;
}

test('doctor follows the canary through every service to the store', async () => {
  const diagnosis = await doctor({ admins: ['gateway', 'auth', 'user'] });
  expect(diagnosis.firstWrong).toBeNull();
  expect(diagnosis.stages.map(({ name, state }) => `${state} ${name.trim()}`)).toEqual([
    'ok request',
    'ok ↳ gateway',
    'ok ↳ auth',
    'ok ↳ user',
    'ok collector',
    'ok store',
    'skipped prometheus',
    'ok spans',
  ]);
  expect(stage(diagnosis, 'spans').seen).toMatch(/^ended \d+ · exported \d+ · accepted .* lost 0$/);
});

describe('an address', () => {
  test('where nothing listens is named, of each part', async () => {
    const url = await closedUrl();
    const { stages, firstWrong } = await doctor({
      at: { gateway: url, collector: url, query: url, prometheus: url },
    });
    expect(firstWrong?.finding?.came).toMatch(/nothing listens on port \d+ of 127.0.0.1/);
    expect(stages.filter(({ seen }) => seen === 'connection refused')).toHaveLength(4);
  });

  test.each([
    ['gateway', 'AFTERSHOCK_GATEWAY'],
    ['collector', 'AFTERSHOCK_COLLECTOR'],
    ['query', 'AFTERSHOCK_QUERY'],
  ] as const)('of %s whose name DNS does not know is named, with %s', async (name, variable) => {
    const { firstWrong } = await doctor({ at: { [name]: `http://${name}.invalid:4318` } });
    expect(firstWrong?.finding?.came).toContain(`DNS knows no host "${name}.invalid"`);
    expect(firstWrong?.finding?.todo).toContain(variable);
  });

  test('of the gateway that another program has is told from the gateway', async () => {
    const { url, server } = await stub((_req, res) => res.end('<h1>It works!</h1>'));
    const { firstWrong, stages } = await doctor({ at: { gateway: url } });
    expect(firstWrong?.seen).toBe('answered 200, but is not the gateway');
    expect(stages.filter(({ state }) => state === 'wrong')).toHaveLength(1);
    server.close();
  });

  test('of the gateway that never answers is a time-out that says for how long', async () => {
    const { url, server } = await stub(() => {});
    const { firstWrong } = await doctor({ at: { gateway: url }, timeoutMs: 400 });
    expect(firstWrong).toMatchObject({ name: 'request', seen: 'nothing within 0.4 s' });
    server.closeAllConnections();
    server.close();
  });

  test('of the collector with the path that exporters add is told to lose it', async () => {
    const { firstWrong } = await doctor({ at: { collector: `${collector.otlpUrl}/v1/traces` } });
    expect(firstWrong?.seen).toBe('no such path: /v1/traces/v1/traces');
    expect(firstWrong?.finding?.todo).toContain(`--collector ${collector.otlpUrl};`);
  });

  test('of the collector that speaks gRPC is told from one that speaks HTTP', async () => {
    // What a gRPC server sends first: an empty HTTP/2 SETTINGS frame.
    const server = createTcpServer((socket) => {
      socket.on('error', () => {}).end(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { firstWrong } = await doctor({ at: { collector: url } });
    expect(firstWrong).toMatchObject({ name: 'collector', seen: 'a gRPC port' });
    server.close();
  });

  test('with https where plain HTTP is spoken is told so', async () => {
    const https = collector.otlpUrl.replace('http:', 'https:');
    const { firstWrong } = await doctor({ at: { collector: https } });
    expect(firstWrong?.seen).toBe('speaks plain http');
    expect(firstWrong?.finding?.came).toBe('the port does not speak TLS (wrong version number)');
  });

  test('with http where TLS is spoken is told so', async (context) => {
    const certificate = selfSigned();
    if (certificate === null) return context.skip('there is no openssl here');
    const server = createHttpsServer(certificate);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { firstWrong } = await doctor({ at: { collector: `http://127.0.0.1:${port}` } });
    expect(firstWrong?.seen).toBe('expects https');
    expect(firstWrong?.finding?.todo).toContain(`https://127.0.0.1:${port}`);
    server.close();
  });

  test('of a query API that is none is told from one', async () => {
    const { url, server } = await stub((_req, res) => res.end('<html>'));
    const diagnosis = await doctor({ at: { query: url } });
    expect(stage(diagnosis, 'store').seen).toBe("answered 200, but not as Jaeger's API does");
    server.close();
  });
});

describe('the collector', () => {
  test.each([
    { status: 401, todo: /credentials/ },
    { status: 413, todo: /max_request_body_size/ },
    { status: 429, todo: /overloaded/ },
    { status: 500, todo: /log/ },
    { status: 503, todo: /cannot take more/ },
  ])('that answers $status is named with its reason', async ({ status, todo }) => {
    const { url, server } = await stub((_req, res) => {
      res.statusCode = status;
      res.end('{"message":"because"}');
    });
    const { firstWrong } = await doctor({ at: { collector: url } });
    expect(firstWrong?.seen).toBe(`refuses spans: ${status}`);
    expect(firstWrong?.finding?.came).toBe(`status ${status}: because`);
    expect(firstWrong?.finding?.todo).toMatch(todo);
    server.close();
  });

  test('whose disk is full is named', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'aftershock-full-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], {
        stdio: 'ignore',
      });
    } catch {
      return context.skip('mounting a tmpfs is not permitted here');
    }
    const file = join(folder, 'traces.ndjson');
    const full = await startCollector({ port: 0, queryPort: 0, file });
    try {
      writeFileSync(join(folder, 'ballast'), Buffer.alloc(60 << 10));
      while (
        (await post(`${full.otlpUrl}/v1/traces`, JSON.stringify(otlpRequest([otlpSpan()])))).ok
      );
      const { firstWrong } = await doctor({ at: { collector: full.otlpUrl } });
      expect(firstWrong?.seen).toBe('refuses spans: disk full (503)');
      expect(firstWrong?.finding?.came).toContain('ENOSPC');
    } finally {
      await full.stop();
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    }
  });

  test('that is another one than the store belongs to is named', async () => {
    const other = await startCollector({ port: 0, queryPort: 0 });
    const diagnosis = await doctor({ at: { collector: other.otlpUrl }, timeoutMs: 1500 });
    expect(diagnosis.firstWrong).toBe(stage(diagnosis, 'store'));
    expect(diagnosis.firstWrong?.finding?.todo).toContain('OTEL_EXPORTER_OTLP_ENDPOINT');
    await other.stop();
  });

  test('whose answer is not from a collector is named', async () => {
    const { url, server } = await stub((_req, res) => res.end('ok'));
    const { firstWrong } = await doctor({ at: { collector: url } });
    expect(firstWrong?.seen).toBe('answered 200, but is not a collector');
    server.close();
  });
});

describe('a service', () => {
  test('asked in place of the gateway says who it is', async () => {
    const { firstWrong } = await doctor({ at: { gateway: mesh.url('auth') } });
    expect(firstWrong?.seen).toBe('answered 401: no-token at auth');
  });

  test('behind a proxy that drops traceparent began a trace of its own', async () => {
    const { url, server } = await stub(async (req, res) => {
      const headers = { 'user-agent': String(req.headers['user-agent']) };
      const answer = await fetch(mesh.url('gateway') + req.url, { headers });
      res.writeHead(answer.status, { 'content-type': 'application/json' });
      res.end(await answer.text());
    });
    const { firstWrong } = await doctor({ at: { gateway: url }, timeoutMs: 1500 });
    expect(firstWrong).toMatchObject({ name: '↳ gateway', seen: 'began a trace of its own' });
    server.close();
  });

  test('whose tracing is off is named', async () => {
    await mesh.replace('user', { OTEL_SDK_DISABLED: 'true' });
    const diagnosis = await doctor({ admins: ['user'], timeoutMs: 1500 });
    expect(stage(diagnosis, '↳ auth').state).toBe('ok');
    expect(diagnosis.firstWrong).toBe(stage(diagnosis, '↳ user'));
    expect(diagnosis.firstWrong?.seen).toBe('no span of it; auth got 200 from it');
    expect(diagnosis.firstWrong?.finding?.todo).toContain('OTEL_SDK_DISABLED');
  });

  test('whose spans are evicted while the doctor waits for the rest is the fault of the store', async () => {
    const small = await startCollector({ port: 0, queryPort: 0, maxBytes: MIN_STORE_BYTES });
    const flood = async () => {
      const text = 'x'.repeat(50_000);
      const spans = Array.from({ length: 40 }, () =>
        otlpSpan({ attributes: attributes({ text }) }),
      );
      const body = JSON.stringify(otlpRequest(spans));
      while (small.stats().evicted < 100) await post(`${small.otlpUrl}/v1/traces`, body);
    };
    let flooded: Promise<void> | undefined;
    // The doctor's own span is there, the others went elsewhere: it waits for them.
    const diagnosis = await doctor({
      at: { collector: small.otlpUrl, query: small.queryUrl },
      say: (line) => {
        if (line.includes('1 span')) flooded ??= flood();
      },
    });
    await flooded;
    expect(stage(diagnosis, 'store').seen).toBe('evicted: 1 span seen, then gone');
    await small.stop();
  });

  test('whose sampler does not ask its caller is named', async () => {
    await mesh.replace('user', { OTEL_TRACES_SAMPLER: 'always_off' });
    const { firstWrong } = await doctor({ admins: ['user'], timeoutMs: 1500 });
    expect(firstWrong?.name.trim()).toBe('↳ user');
    expect(firstWrong?.finding?.todo).toContain('OTEL_TRACES_SAMPLER');
  });

  test('that exports elsewhere is named, with and without its own counts', async () => {
    const other = await startCollector({ port: 0, queryPort: 0 });
    await mesh.replace('user', { OTEL_EXPORTER_OTLP_ENDPOINT: other.otlpUrl });
    const told = await doctor({ admins: ['user'], timeoutMs: 1500 });
    expect(told.firstWrong?.finding?.came).toMatch(
      /it exported 2 spans meanwhile, but not to here/,
    );
    const untold = await doctor({ timeoutMs: 1500 });
    expect(untold.firstWrong?.finding?.todo).toContain(
      `OTEL_EXPORTER_OTLP_ENDPOINT of user must be ${collector.otlpUrl}`,
    );
    await other.stop();
  });

  test('whose exports fail is named', async () => {
    await mesh.replace('user', {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.invalid:4318',
    });
    const { firstWrong } = await doctor({ admins: ['user'], timeoutMs: 1500 });
    expect(firstWrong?.finding?.came).toMatch(/its exports fail|has not been able to export them/);
    expect(firstWrong?.finding?.todo).toContain('OTEL_EXPORTER_OTLP_ENDPOINT of user');
  });

  test('whose clock is 5 s off is named, with how much', async () => {
    const ahead = 'const now = Date.now; Date.now = () => now() + 5000;';
    await mesh.replace('user', {
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(ahead)}`,
    });
    const diagnosis = await doctor();
    expect(diagnosis.firstWrong).toBe(stage(diagnosis, '↳ user'));
    expect(diagnosis.firstWrong?.seen).toMatch(/^clock \+(4\.9|5\.0)\d s ± [\d.]+ ms against/);
    expect(stage(diagnosis, '↳ auth').state).toBe('ok');
  });

  test('that has died is named as the one behind the error', async () => {
    await mesh.stop('user');
    const { firstWrong } = await doctor();
    expect(firstWrong?.seen).toBe('answered 502: downstream-failed at user');
    expect(firstWrong?.finding?.came).toMatch(/auth could not call user: .*ECONNREFUSED/);
  });

  test('that DNS does not know at its caller is named, with the variable', async () => {
    await mesh.replace('auth', { AFTERSHOCK_PEERS: '{"user":"http://user.invalid:8082"}' });
    const { firstWrong } = await doctor();
    expect(firstWrong?.finding?.came).toContain('ENOTFOUND user.invalid');
    expect(firstWrong?.finding?.todo).toContain('AFTERSHOCK_PEERS of auth');
  });
});

/** A key and its certificate; null without openssl. */
function selfSigned(): { key: Buffer; cert: Buffer } | null {
  const folder = mkdtempSync(join(tmpdir(), 'aftershock-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  try {
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
      ].concat(['-subj', '/CN=localhost', '-keyout', key, '-out', cert]),
      { stdio: 'ignore' },
    );
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } catch {
    return null;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
