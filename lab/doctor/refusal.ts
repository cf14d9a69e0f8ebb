import type { FailureKind, Reply } from './ask.ts';
import { howToSay, type Target } from './targets.ts';

/** A {@link Reply} that is no answer. */
export type Failure = Extract<Reply, { readonly message: string }>;

export interface Refusal {
  /** A few words. */
  readonly seen: string;
  readonly came: string;
  readonly todo: string;
}

const start = 'start the stack (docker compose up -d --wait, or npm run aftershock -- up)';

/** Why a part of the stack gave no answer, and what to do about it. */
export function refusal(failure: Failure, target: Target): Refusal {
  const { hostname, port, protocol, pathname } = new URL(target.url);
  const portNumber = port || (protocol === 'https:' ? '443' : '80');
  const elsewhere = `say where it is with ${howToSay(target)}`;
  const other = (scheme: string) =>
    `${scheme}//${hostname}:${portNumber}${pathname === '/' ? '' : pathname}`;
  const cases: Record<FailureKind, readonly [seen: string, came: string, todo: string]> = {
    refused: [
      'connection refused',
      `connection refused: nothing listens on port ${portNumber} of ${hostname}`,
      `${start}; if it has died, docker compose logs says of what, a full disk for one; ` +
        `if it is elsewhere, ${elsewhere}`,
    ],
    'unknown-host': [
      `no such host: ${hostname}`,
      `DNS knows no host "${hostname}" (${failure.message})`,
      `${elsewhere}; names such as "collector" are known inside the compose network only: ` +
        'there, use docker compose run --rm lab doctor',
    ],
    timeout: [
      failure.message,
      `no whole answer: ${failure.message}`,
      'look whether it is paused, overloaded or behind a firewall that swallows packets: ' +
        'docker compose ps, docker compose logs',
    ],
    closed: [
      'closed without an answer',
      `the connection was closed without an answer (${failure.message})`,
      'look into its log: it may have died, or the port may belong to another protocol',
    ],
    'speaks-grpc': [
      'a gRPC port',
      'HTTP/2 frames: this is a gRPC port, and it was asked over HTTP/1.1',
      'use the port for HTTP: OTLP over HTTP is 4318, over gRPC 4317; ' +
        `${elsewhere}, and check OTEL_EXPORTER_OTLP_ENDPOINT of the services`,
    ],
    'speaks-tls': [
      'expects https',
      'the port speaks TLS, and it was asked in plain HTTP',
      `write https: ${target.option} ${other('https:')}, or ${target.variable}`,
    ],
    'no-tls': [
      'speaks plain http',
      `the port does not speak TLS (${failure.message})`,
      `write http: ${target.option} ${other('http:')}, or ${target.variable}`,
    ],
    'no-http': [
      'not HTTP',
      `something that is not HTTP answered (${failure.message})`,
      `another program has port ${portNumber}: find it (ss -ltnp), or ${elsewhere}`,
    ],
    'too-large': ['answer too large', failure.message, `another program may answer: ${elsewhere}`],
    other: [failure.message, failure.message, `${start}; or ${elsewhere}`],
  };
  const [seen, came, todo] = cases[failure.kind];
  return { seen, came, todo };
}
