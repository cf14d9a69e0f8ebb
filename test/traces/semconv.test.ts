import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as stable from '@opentelemetry/semantic-conventions';
import { describe, expect, test } from 'vitest';
import type { Span } from '../../traces/span.ts';
import { traceMatchers } from '../../traces/vitest/index.ts';
import { semconvBreaches } from '../../traces/vitest/semconv.ts';
import {
  replaced,
  semconvVersion,
  spanConventions,
  values,
} from '../../traces/vitest/semconvRules.ts';
import { msSpan as at } from './span.ts';

expect.extend(traceMatchers);

const entry = createRequire(import.meta.url).resolve('@opentelemetry/semantic-conventions');
const folder = dirname(dirname(entry));

describe('the rules', () => {
  test('are of the version that is installed', async () => {
    const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    expect(semconvVersion).toBe(version);
  });

  test('name stable attributes only', () => {
    const known = new Set<unknown>(Object.values(stable));
    const named = [
      ...Object.keys(values),
      ...spanConventions.flatMap(({ presence }) => presence.map(({ attribute }) => attribute)),
    ];
    expect(named.filter((key) => !known.has(key))).toEqual([]);
  });

  test('replace what that version does, by what it does', async () => {
    const text = await readFile(join(folder, 'dist/experimental_attributes.d.mts'), 'utf8');
    const told = new Map(
      [
        ...text.matchAll(
          /@deprecated ([^\n]+)\n(?:(?!declare).*\n)*declare const ATTR_\w+: "([^"]+)"/g,
        ),
      ].map(([, instead, key]) => [key, instead]),
    );
    for (const [key, instead] of Object.entries(replaced)) {
      for (const name of instead.split(/ and | or /)) {
        expect(told.get(key), key).toContain(`\`${name}\``);
      }
    }
  });
});

const resource = { attributes: { 'service.name': 'api' } };
const http = { 'http.request.method': 'GET', 'server.address': 'db', 'server.port': 80 };
const client = { ...http, 'url.full': 'http://db/x' };
const server = { 'http.request.method': 'GET', 'url.path': '/x', 'url.scheme': 'http' };
const db = { 'db.system.name': 'sqlite' };
function span(kind: Span['kind'], attributes: Span['attributes'], more: Partial<Span> = {}): Span {
  return { ...at('a', '', 0, 1), resource, kind, name: 'GET', attributes, ...more };
}
const error = { status: { code: 'error', message: '' } } as const;
const exception = (attributes: Span['attributes']) => ({
  events: [{ name: 'exception', timeUnixNano: 0n, attributes }],
});

describe('semconvBreaches()', () => {
  test.each<{ of: Span; want: string[] }>([
    { of: span('client', client), want: [] },
    { of: span('internal', { 'http.method': 'GET' }), want: [] },
    {
      of: span('client', { 'http.request.method': 'GET' }),
      want: [
        'http.client: server.address (none) there',
        'http.client: server.port (none) there',
        'http.client: url.full (none) there',
      ],
    },
    {
      of: span('client', { ...client, 'url.full': 'http://me:secret@db/x' }),
      want: [
        'http.client: url.full "http://me:secret@db/x" a string, absolute, and without credentials: https://REDACTED:REDACTED@…',
      ],
    },
    { of: span('client', { ...client, 'url.full': 'http://REDACTED:REDACTED@db/x' }), want: [] },
    {
      of: span('client', { ...client, 'url.full': '/x' }),
      want: [expect.stringContaining('absolute')],
    },
    {
      of: span('client', { ...client, 'http.response.status_code': 404 }),
      want: [
        'http.client: error.type (none) there, as the span failed, or its status code says so',
        'http.client: status "unset" "error", since the answer was 404',
      ],
    },
    {
      of: span('server', { ...server, 'http.response.status_code': 404 }),
      want: [],
    },
    {
      of: span('server', { ...server, 'http.response.status_code': 404 }, error),
      want: [
        'http.server: error.type (none) there, as the span failed, or its status code says so',
        'http.server: status "error" "unset", since 404 is the client’s fault, not the server’s',
      ],
    },
    {
      of: span('server', { ...server, 'http.request.method': '_OTHER' }, { name: 'HTTP' }),
      want: ['http.server: http.request.method_original (none) there, as the method is _OTHER'],
    },
    {
      of: span('server', { ...server, 'http.request.method': 'get' }, { name: 'get' }),
      want: [
        expect.stringMatching(/^http.server: http.request.method "get" a string, one of CONN/),
      ],
    },
    {
      of: span('server', server, { name: 'GET /x' }),
      want: ['http.server: name "GET /x" "GET"'],
    },
    {
      of: span('server', { ...server, 'http.route': '/:x' }, { name: '/x' }),
      want: ['http.server: name "/x" "GET /:x" or "GET"'],
    },
    {
      of: span('server', { ...server, 'server.port': 70_000 }),
      want: [
        'http.server: server.port 70000 an int, a port from 1 to 65535',
        'http.server: server.address (none) there, as server.port is there',
      ],
    },
    {
      of: span('server', { ...server, 'net.peer.ip': '::1', 'url.query': '?a' }),
      want: [
        'http.server: net.peer.ip "::1" network.peer.address instead',
        'http.server: url.query "?a" a string, without its question mark',
      ],
    },
    {
      of: span('client', { ...client, 'http.request.resend_count': 0 }),
      want: [
        'http.client: http.request.resend_count 0 an int, at least 1: the first attempt has none',
      ],
    },
    { of: span('client', db, { name: 'sqlite' }), want: [] },
    {
      of: span('client', { ...db, 'db.operation.batch.size': 1 }, { name: 'sqlite', ...error }),
      want: [
        'db.client: db.operation.batch.size 1 an int, at least 2: a single operation is no batch',
        'db.client: error.type (none) there, as the span failed',
      ],
    },
    {
      of: span('client', { ...db, 'db.operation.name': 'SELECT', 'db.collection.name': 'users' }),
      want: ['db.client: name "GET" "SELECT users" or "SELECT"'],
    },
    {
      of: span('client', { ...db, 'db.query.summary': 'SELECT users' }, { name: 'SELECT' }),
      want: ['db.client: name "SELECT" "SELECT users"'],
    },
    {
      of: span('client', { ...db, 'server.address': 'h', 'server.port': 5432 }),
      want: ['db.client: name "GET" "h:5432" or "sqlite"'],
    },
    {
      of: span('client', { 'db.system': 'mysql', 'db.statement': 'SELECT 1' }),
      want: [
        'db.client: db.system "mysql" db.system.name instead',
        'db.client: db.statement "SELECT 1" db.query.text instead',
        'db.client: db.system.name (none) there',
      ],
    },
    {
      of: span('internal', {}, exception({ 'exception.message': 'no' })),
      want: [],
    },
    {
      of: span('internal', {}, exception({ 'exception.stacktrace': 5 })),
      want: [
        'exception: exception.stacktrace 5 a string',
        'exception: exception.type (none) one of them there',
      ],
    },
    {
      of: span('internal', {}, { resource: { attributes: { 'telemetry.sdk.language': 'cobol' } } }),
      want: [
        expect.stringContaining('resource: telemetry.sdk.language "cobol" a string, one of cpp'),
        'resource: service.name (none) there',
        'resource: telemetry.sdk.name (none) there',
        'resource: telemetry.sdk.version (none) there',
      ],
    },
  ])('$want', ({ of, want }) => {
    const found = semconvBreaches([of], undefined, []);
    expect(found.map(({ rule, value, right }) => `${rule} ${value} ${right}`)).toEqual(want);
  });

  test('are of the attributes, the name or the status, once for each resource', () => {
    const bare = { attributes: {} };
    const spans = [
      span('server', server, { name: 'x', resource: bare }),
      span('internal', {}, { ...exception({}), resource: bare }),
      span('internal', {}, { events: [{ name: 'other', timeUnixNano: 0n, attributes: {} }] }),
      span('client', { ...client, 'http.response.status_code': 404, 'error.type': '404' }, error),
      span('server', { ...server, 'http.response.status_code': 503, 'error.type': '503' }),
    ];
    const told = (only?: Parameters<typeof semconvBreaches>[1], ignore: string[] = []) =>
      semconvBreaches(spans, only, ignore).map(
        ({ rule, attribute, span }) => `${spans.indexOf(span)} ${rule} of ${attribute}`,
      );
    expect(told()).toEqual([
      '0 http.server: name of name',
      '0 resource: service.name of service.name',
      '1 exception: exception.type of exception.type or exception.message',
      '4 http.server: status of status',
    ]);
    expect(told(['resource'])).toEqual(['0 resource: service.name of service.name']);
    expect(told(['exception'])).toHaveLength(1);
    expect(told(['http.server'], ['http.server: name'])).toEqual([
      '4 http.server: status of status',
    ]);
  });
});
