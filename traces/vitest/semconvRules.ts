import type { AttributeValue, Span } from '../span.ts';

/** The rules are those of this version's stable conventions. */
export const semconvVersion = '1.45.0';
// Where they come from: https://opentelemetry.io/docs/specs/semconv/, pages http/http-spans,
// db/database-spans, exceptions/exceptions-spans and resource.

export type ConventionName = 'http.client' | 'http.server' | 'db.client' | 'exception' | 'resource';

/** What an attribute's value must be. */
export interface ValueRule {
  readonly type: 'string' | 'int';
  /** In words: what is right, where the type alone is not enough. */
  readonly right?: string;
  readonly isRight?: (value: never) => boolean;
}

/** An attribute that must be there, or must not, under a condition. */
export interface PresenceRule {
  readonly attribute: string;
  /** Default: present. */
  readonly must?: 'be absent';
  /** In words: when. Default: always. */
  readonly when?: string;
  readonly applies?: (span: Span) => boolean;
}

export interface SpanConvention {
  readonly name: ConventionName;
  readonly covers: (span: Span) => boolean;
  readonly presence: readonly PresenceRule[];
  /** Names that a span may have; `null`: any. The first is the best. */
  readonly names: (span: Span) => readonly string[] | null;
  /** What the status must be; `null`: any. */
  readonly status: (
    span: Span,
  ) => { readonly code: Span['status']['code']; readonly when: string } | null;
}

const has = ({ attributes }: Span, key: string) => attributes[key] !== undefined;
const text = ({ attributes }: Span, key: string) => {
  const value = attributes[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
};
const status = ({ attributes }: Span) => {
  const code = attributes['http.response.status_code'];
  return typeof code === 'number' ? code : 0;
};
const isHttp = (span: Span) => has(span, 'http.request.method') || has(span, 'http.method');

const methods = 'CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE QUERY _OTHER'.split(' ');
const isPort = (value: number) => value > 0 && value < 65_536;
const port = { type: 'int', right: 'a port from 1 to 65535', isRight: isPort } as const;
const string = { type: 'string' } as const;
const filled = { type: 'string', right: 'not empty', isRight: (s: string) => s !== '' } as const;
const lowerCase = {
  type: 'string',
  right: 'in lower case',
  isRight: (s: string) => s === s.toLowerCase(),
} as const;

/** Of attributes wherever they are. */
export const values: Readonly<Record<string, ValueRule>> = {
  'client.address': string,
  'client.port': port,
  'db.collection.name': string,
  'db.namespace': string,
  'db.operation.batch.size': {
    type: 'int',
    right: 'at least 2: a single operation is no batch',
    isRight: (size: number) => size >= 2,
  },
  'db.operation.name': string,
  'db.query.summary': string,
  'db.query.text': string,
  'db.response.status_code': string,
  'db.stored_procedure.name': string,
  'db.system.name': filled,
  'deployment.environment.name': string,
  'error.type': filled,
  'exception.message': string,
  'exception.stacktrace': string,
  'exception.type': string,
  'http.request.method': {
    type: 'string',
    right: `one of ${methods.join(', ')}`,
    isRight: (method: string) => methods.includes(method),
  },
  'http.request.method_original': string,
  'http.request.resend_count': {
    type: 'int',
    right: 'at least 1: the first attempt has none',
    isRight: (count: number) => count >= 1,
  },
  'http.response.status_code': {
    type: 'int',
    right: 'from 100 to 599',
    isRight: (code: number) => code >= 100 && code < 600,
  },
  'http.route': string,
  'network.local.address': string,
  'network.local.port': port,
  'network.peer.address': string,
  'network.peer.port': port,
  'network.protocol.name': lowerCase,
  'network.protocol.version': string,
  'network.transport': lowerCase,
  'network.type': lowerCase,
  'server.address': string,
  'server.port': port,
  'service.instance.id': string,
  'service.name': filled,
  'service.namespace': string,
  'service.version': string,
  'telemetry.sdk.language': string,
  'telemetry.sdk.name': string,
  'telemetry.sdk.version': string,
  'url.full': {
    type: 'string',
    right: 'absolute, and without credentials: https://REDACTED:REDACTED@…',
    isRight: (url: string) =>
      /^[a-z][a-z0-9+.-]*:/i.test(url) &&
      !/^[a-z][a-z0-9+.-]*:\/\/(?!(REDACTED(:REDACTED)?)@)[^/?#]*@/i.test(url),
  },
  'url.path': string,
  'url.query': {
    type: 'string',
    right: 'without its question mark',
    isRight: (query: string) => !query.startsWith('?'),
  },
  'url.scheme': string,
  'user_agent.original': string,
};

/** Attributes of older conventions, and what is used instead. */
export const replaced: Readonly<Record<string, string>> = {
  'db.cassandra.table': 'db.collection.name',
  'db.connection_string': 'server.address and server.port',
  'db.cosmosdb.container': 'db.collection.name',
  'db.cosmosdb.status_code': 'db.response.status_code',
  'db.elasticsearch.cluster.name': 'db.namespace',
  'db.mongodb.collection': 'db.collection.name',
  'db.name': 'db.namespace',
  'db.operation': 'db.operation.name',
  'db.redis.database_index': 'db.namespace',
  'db.sql.table': 'db.collection.name',
  'db.statement': 'db.query.text',
  'db.system': 'db.system.name',
  'deployment.environment': 'deployment.environment.name',
  'http.client_ip': 'client.address',
  'http.flavor': 'network.protocol.name and network.protocol.version',
  'http.host': 'server.address',
  'http.method': 'http.request.method',
  'http.scheme': 'url.scheme',
  'http.server_name': 'server.address',
  'http.status_code': 'http.response.status_code',
  'http.target': 'url.path and url.query',
  'http.url': 'url.full',
  'http.user_agent': 'user_agent.original',
  'net.host.ip': 'network.local.address',
  'net.host.name': 'server.address',
  'net.host.port': 'server.port',
  'net.peer.ip': 'network.peer.address',
  'net.peer.name': 'server.address or client.address',
  'net.peer.port': 'server.port or client.port',
  'net.protocol.name': 'network.protocol.name',
  'net.protocol.version': 'network.protocol.version',
  'net.sock.family': 'network.transport and network.type',
  'net.sock.host.addr': 'network.local.address',
  'net.sock.host.port': 'network.local.port',
  'net.sock.peer.addr': 'network.peer.address',
  'net.sock.peer.port': 'network.peer.port',
  'net.transport': 'network.transport',
  'tls.client.server_name': 'server.address',
};

const originalMethod: PresenceRule = {
  attribute: 'http.request.method_original',
  when: 'the method is _OTHER',
  applies: (span) => span.attributes['http.request.method'] === '_OTHER',
};
const failed = 'the span failed, or its status code says so';

/** `{method} {target}`, where the target is a template and never the path itself. */
function httpNames(span: Span, template: string): string[] | null {
  const given = text(span, 'http.request.method');
  if (given === undefined) return null;
  const method = given === '_OTHER' ? 'HTTP' : given;
  const target = text(span, template);
  return target === undefined ? [method] : [`${method} ${target}`, method];
}

export const spanConventions: readonly SpanConvention[] = [
  {
    name: 'http.client',
    covers: (span) => span.kind === 'client' && isHttp(span),
    presence: [
      { attribute: 'http.request.method' },
      { attribute: 'server.address' },
      { attribute: 'server.port' },
      { attribute: 'url.full' },
      originalMethod,
      {
        attribute: 'error.type',
        when: failed,
        applies: (span) => status(span) >= 400 || span.status.code === 'error',
      },
    ],
    names: (span) => httpNames(span, 'url.template'),
    status: (span) =>
      status(span) >= 400 ? { code: 'error', when: `the answer was ${status(span)}` } : null,
  },
  {
    name: 'http.server',
    covers: (span) => span.kind === 'server' && isHttp(span),
    presence: [
      { attribute: 'http.request.method' },
      { attribute: 'url.path' },
      { attribute: 'url.scheme' },
      originalMethod,
      {
        attribute: 'server.address',
        when: 'server.port is there',
        applies: (span) => has(span, 'server.port'),
      },
      {
        attribute: 'error.type',
        when: failed,
        applies: (span) => status(span) >= 500 || span.status.code === 'error',
      },
    ],
    names: (span) => httpNames(span, 'http.route'),
    status: (span) =>
      status(span) >= 500
        ? { code: 'error', when: `the answer was ${status(span)}` }
        : status(span) >= 400 && !has(span, 'error.type')
          ? { code: 'unset', when: `${status(span)} is the client’s fault, not the server’s` }
          : null,
  },
  {
    name: 'db.client',
    covers: (span) =>
      (span.kind === 'client' || span.kind === 'internal') &&
      (has(span, 'db.system.name') || has(span, 'db.system')),
    presence: [
      { attribute: 'db.system.name' },
      {
        attribute: 'server.address',
        when: 'server.port is there',
        applies: (span) => has(span, 'server.port'),
      },
      {
        attribute: 'error.type',
        when: 'the span failed',
        applies: (span) => span.status.code === 'error',
      },
    ],
    names: dbNames,
    status: () => null,
  },
];

/** `{db.query.summary}`; else `{db.operation.name} {target}`; else the target; else the system. */
function dbNames(span: Span): string[] | null {
  const operation = text(span, 'db.operation.name');
  const targets = ['db.collection.name', 'db.stored_procedure.name', 'db.namespace']
    .map((key) => text(span, key))
    .filter((value) => value !== undefined);
  const address = text(span, 'server.address');
  if (address !== undefined) {
    const at = span.attributes['server.port'];
    targets.push(at === undefined ? address : `${address}:${at}`);
  }
  const summary = text(span, 'db.query.summary');
  const system = text(span, 'db.system.name');
  if (summary !== undefined) return [summary];
  if (operation !== undefined) return [...targets.map((each) => `${operation} ${each}`), operation];
  return system === undefined ? null : [...targets, system];
}

/** On an event `exception`: at least one of them must be there. */
export const exceptionNeeds = ['exception.type', 'exception.message'] as const;

/** On a resource: all of the SDK's, if there is any of them. */
export const resourceNeeds = ['service.name'] as const;
export const sdkNeeds = [
  'telemetry.sdk.language',
  'telemetry.sdk.name',
  'telemetry.sdk.version',
] as const;

/** Whether a value is of a type of the conventions. */
export function isOfType(value: AttributeValue, type: ValueRule['type']): boolean {
  if (type === 'string') return typeof value === 'string';
  return typeof value === 'bigint' || Number.isInteger(value);
}
