import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as stable from '@opentelemetry/semantic-conventions';
import { describe, expect, test } from 'vitest';
import type { AttributeValue, Span } from '../../traces/span.ts';
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
    const byKnown = [...told].filter(([, instead = '']) =>
      Object.keys(values).some((name) => instead.includes(`\`${name}\``)),
    );
    expect(Object.keys(replaced)).toEqual(expect.arrayContaining(byKnown.map(([key]) => key)));
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
function breachesOf(of: Span): string[] {
  const found = semconvBreaches([of], undefined, []);
  return found.map(({ rule, value, right }) => `${rule} ${value} ${right}`);
}

describe('a value', () => {
  const rights = (key: string, value: AttributeValue) => {
    const attributes = { 'exception.type': 'x', 'exception.message': 'x', [key]: value };
    const of = span('internal', {}, exception(attributes));
    return semconvBreaches([of], undefined, []).map(({ rule, right }) => `${rule}: ${right}`);
  };
  const special: {
    keys: string[];
    right: string;
    good: AttributeValue[];
    bad: AttributeValue[];
  }[] = [
    {
      keys: ['client.port', 'network.local.port', 'network.peer.port', 'server.port'],
      right: 'an int, a port from 1 to 65535',
      good: [1, 65_535],
      bad: [0, 65_536],
    },
    {
      keys: ['db.operation.batch.size'],
      right: 'an int, at least 2: a single operation is no batch',
      good: [2, 2n ** 60n],
      bad: [1],
    },
    {
      keys: ['http.request.resend_count'],
      right: 'an int, at least 1: the first attempt has none',
      good: [1],
      bad: [0],
    },
    {
      keys: ['http.response.status_code'],
      right: 'an int, from 100 to 599',
      good: [100, 599],
      bad: [99, 600],
    },
    {
      keys: ['db.system.name', 'error.type', 'service.name'],
      right: 'a string, not empty',
      good: ['x'],
      bad: [''],
    },
    {
      keys: ['http.request.method'],
      right:
        'a string, one of CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE, QUERY, _OTHER',
      good: ['GET', '_OTHER'],
      bad: ['get', 'BREW', ''],
    },
    {
      keys: ['network.protocol.name', 'network.transport', 'network.type'],
      right: 'a string, in lower case',
      good: ['http', 'tcp', 'vsock', 'ipv6'],
      bad: ['HTTP', 'Tcp', 'IPv6'],
    },
    {
      keys: ['url.full'],
      right: 'a string, absolute, and without credentials: https://REDACTED:REDACTED@…',
      good: [
        'http://db/x',
        'HTTPS://db',
        'z39.50s+a-b://db',
        'mailto:me@db',
        'http://db/@',
        'http://db?a=@',
        'http://db#@',
        'http://db?to=http://me@x',
        'http://REDACTED@db',
        'http://REDACTED:REDACTED@db',
      ],
      bad: [
        '/x',
        'db/x',
        '//db',
        '1http://db',
        ' http://db',
        'http://me@db',
        'HTTP://me@db',
        'z39.50s+a-b://me@db',
        'http://me:secret@db/x',
        'http://REDACTED:secret@db',
        'http://REDACTED:REDACTEDx@db',
        'http://xREDACTED@db',
        'http://@db',
      ],
    },
    {
      keys: ['url.query'],
      right: 'a string, without its question mark',
      good: ['a=?', ''],
      bad: ['?a'],
    },
  ];

  test.each(special)('of $keys is $right', ({ keys, right, good, bad }) => {
    const [type = ''] = right.split(',');
    const wrong = [true, 1.5, null, ['x'], type === 'an int' ? '80' : 80];
    for (const key of keys) {
      for (const value of good) expect(rights(key, value), `${value}`).toEqual([]);
      for (const value of bad) {
        expect(rights(key, value), `${value}`).toEqual([`exception: ${key}: ${right}`]);
      }
      for (const value of wrong) {
        expect(rights(key, value), `${value}`).toEqual([`exception: ${key}: ${type}`]);
      }
    }
  });

  const named = special.flatMap(({ keys }) => keys);
  test.each(Object.keys(values).filter((key) => !named.includes(key)))(
    'of %s is any string',
    (key) => {
      for (const value of ['x', 'X', '']) expect(rights(key, value)).toEqual([]);
      expect(rights(key, 5)).toEqual([`exception: ${key}: a string`]);
    },
  );

  test.each(['HTTP_REQUEST_METHOD', 'NETWORK_TRANSPORT', 'NETWORK_TYPE', 'TELEMETRY_SDK_LANGUAGE'])(
    'may be any that the conventions list: %s',
    (name) => {
      const key = Reflect.get(stable, `ATTR_${name}`) as string;
      const listed = Object.entries(stable).filter(([each]) => each.startsWith(`${name}_VALUE_`));
      expect(listed.length).toBeGreaterThan(1);
      for (const [, value] of listed) expect(rights(key, value as string)).toEqual([]);
    },
  );
});

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
test.each([
  { attribute: 'http.request.method', by: ['server: http.server', 'client: http.client'] },
  { attribute: 'http.method', by: ['server: http.server', 'client: http.client'] },
  { attribute: 'db.system.name', by: ['internal: db.client', 'client: db.client'] },
  { attribute: 'db.system', by: ['internal: db.client', 'client: db.client'] },
  { attribute: 'url.full', by: [] },
])('spans with $attribute are covered by $by', ({ attribute, by }) => {
  const covered = kinds.flatMap((kind) =>
    spanConventions
      .filter(({ covers }) => covers(span(kind, { [attribute]: 'x' })))
      .map(({ name }) => `${kind}: ${name}`),
  );
  expect(covered).toEqual(by);
});

describe('semconvBreaches()', () => {
  test.each<{ of: Span; want: string[] }>([
    { of: span('client', client), want: [] },
    { of: span('internal', { 'http.method': 'GET' }), want: [] },
    {
      of: span('client', { 'http.method': 'GET' }, { name: 'any' }),
      want: [
        'http.client: http.method "GET" http.request.method instead',
        'http.client: http.request.method (none) there',
        'http.client: server.address (none) there',
        'http.client: server.port (none) there',
        'http.client: url.full (none) there',
      ],
    },
    {
      of: span('server', { 'http.method': 'GET' }, { name: 'any' }),
      want: [
        'http.server: http.method "GET" http.request.method instead',
        'http.server: http.request.method (none) there',
        'http.server: url.path (none) there',
        'http.server: url.scheme (none) there',
      ],
    },
    { of: span('client', { ...client, 'http.response.status_code': 399 }), want: [] },
    {
      of: span('client', { ...client, 'http.response.status_code': 400 }),
      want: [
        'http.client: error.type (none) there, as the span failed, or its status code says so',
        'http.client: status "unset" "error", since the answer was 400',
      ],
    },
    {
      of: span('client', { ...client, 'http.response.status_code': '404' }),
      want: ['http.client: http.response.status_code "404" an int'],
    },
    {
      of: span('client', client, error),
      want: [
        'http.client: error.type (none) there, as the span failed, or its status code says so',
      ],
    },
    {
      of: span('client', { ...client, 'url.template': '/:x' }),
      want: [],
    },
    {
      of: span('client', { ...client, 'url.template': '/:x' }, { name: 'GET /x' }),
      want: ['http.client: name "GET /x" "GET /:x" or "GET"'],
    },
    {
      of: span('client', { ...client, 'url.template': '' }, { name: 'GET ' }),
      want: ['http.client: name "GET " "GET"'],
    },
    {
      of: span('client', { ...client, 'http.request.method': '_OTHER' }, { name: '_OTHER' }),
      want: [
        'http.client: http.request.method_original (none) there, as the method is _OTHER',
        'http.client: name "_OTHER" "HTTP"',
      ],
    },
    {
      of: span('server', { ...server, 'http.response.status_code': 399 }, error),
      want: [
        'http.server: error.type (none) there, as the span failed, or its status code says so',
      ],
    },
    {
      of: span('server', { ...server, 'http.response.status_code': 400 }, error),
      want: [
        'http.server: error.type (none) there, as the span failed, or its status code says so',
        'http.server: status "error" "unset", since 400 is the client’s fault, not the server’s',
      ],
    },
    {
      of: span('server', { ...server, 'http.response.status_code': 404, 'error.type': 'x' }, error),
      want: [],
    },
    {
      of: span('server', { ...server, 'http.response.status_code': 500 }),
      want: [
        'http.server: error.type (none) there, as the span failed, or its status code says so',
        'http.server: status "unset" "error", since the answer was 500',
      ],
    },
    {
      of: span('server', { ...server, 'server.address': 'h', 'server.port': 80 }),
      want: [],
    },
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
      of: span('server', { ...server, 'http.route': 5 }, { name: 'GET 5' }),
      want: ['http.server: http.route 5 a string', 'http.server: name "GET 5" "GET"'],
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
      of: span('internal', { ...db, 'server.port': 5432 }, { name: 'sqlite' }),
      want: ['db.client: server.address (none) there, as server.port is there'],
    },
    {
      of: span('client', {
        ...{ ...db, 'db.namespace': 'n', 'db.stored_procedure.name': 'p' },
        ...{ 'db.collection.name': 'c', 'server.address': 'h' },
      }),
      want: ['db.client: name "GET" "c" or "p" or "n" or "h" or "sqlite"'],
    },
    {
      of: span('client', { ...db, 'db.operation.name': 'CALL', 'server.address': 'h' }),
      want: ['db.client: name "GET" "CALL h" or "CALL"'],
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
    { of: span('internal', {}, exception({ 'exception.type': 'TypeError' })), want: [] },
    {
      of: span('internal', {}, { resource: { attributes: { 'telemetry.sdk.language': 5 } } }),
      want: [
        'resource: telemetry.sdk.language 5 a string',
        'resource: service.name (none) there',
        'resource: telemetry.sdk.name (none) there',
        'resource: telemetry.sdk.version (none) there',
      ],
    },
    {
      of: span('internal', {}, { resource: { attributes: { 'telemetry.sdk.name': 'x' } } }),
      want: [
        'resource: service.name (none) there',
        'resource: telemetry.sdk.language (none) there',
        'resource: telemetry.sdk.version (none) there',
      ],
    },
  ])('$want', ({ of, want }) => {
    expect(breachesOf(of)).toEqual(want);
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
