const services = ['gateway', 'auth', 'user', 'orders', 'search'];
const startUnixMs = 1_790_000_000_000;

type Attributes = { key: string; value: object }[];

interface RequestSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Attributes;
  readonly events: readonly object[];
  readonly status: { readonly code: number };
  readonly flags: number;
}

/**
 * OTLP JSON of one trace, as JSON.parse gives it: services that call each other, two calls below
 * each server span, eight attributes a span, a pause on every 50th, a failure on every 40th. It is
 * the same each time.
 * @param spanCount at least 1.
 * @param number tells traces apart.
 */
export function traceRequest(spanCount: number, number: number): object {
  const traceId = (number + 1).toString(16).padStart(32, '0');
  const idOf = (i: number) => `a${i.toString(16).padStart(15, '0')}`;
  const starts: number[] = [];
  const ends: number[] = [];
  const byService = new Map<string, RequestSpan[]>();
  for (let i = 0; i < spanCount; i++) {
    // Odd spans are clients with one server span each, even ones servers with two clients each.
    const isServer = i % 2 === 0;
    const parent = i === 0 ? -1 : isServer ? i - 1 : 2 * Math.floor((i - 1) / 4);
    const second = !isServer && i % 4 === 3;
    const [from, to] = parent < 0 ? [0, 1e9] : [starts[parent] as number, ends[parent] as number];
    const [a, b] = isServer ? [0.01, 0.99] : second ? [0.52, 0.97] : [0.03, 0.5];
    starts.push(parent < 0 ? from : from + Math.floor((to - from) * a));
    ends.push(parent < 0 ? to : from + Math.floor((to - from) * b));
    // A call and its server span are of different services.
    const service = services[Math.ceil(i / 2) % services.length] as string;
    const callee = services[(Math.ceil(i / 2) + 1) % services.length] as string;
    const of = isServer ? service : callee;
    const spans = byService.get(of) ?? [];
    byService.set(of, spans);
    const failed = i % 40 === 39;
    const nano = (at: number) => String(BigInt(startUnixMs + number) * 1_000_000n + BigInt(at));
    spans.push({
      traceId,
      spanId: idOf(i),
      parentSpanId: parent < 0 ? '' : idOf(parent),
      name: 'GET /users/:id',
      kind: isServer ? 2 : 3,
      startTimeUnixNano: nano(starts[i] as number),
      endTimeUnixNano: nano(ends[i] as number),
      attributes: attributesOf(i, isServer, failed),
      events: i % 50 === 10 ? [pauseAt(nano(starts[i] as number))] : [],
      status: { code: failed ? 2 : 0 },
      flags: 257,
    });
  }
  return {
    resourceSpans: [...byService].map(([service, spans]) => ({
      resource: {
        attributes: [
          text('service.name', service),
          text('service.version', '1.4.2'),
          text('service.instance.id', `${service}-0`),
        ],
      },
      scopeSpans: [{ scope: { name: 'http', version: '0.301.0' }, spans }],
    })),
  };
}

function text(key: string, stringValue: string) {
  return { key, value: { stringValue } };
}

function attributesOf(i: number, isServer: boolean, failed: boolean): Attributes {
  return [
    text('http.request.method', 'GET'),
    { key: 'http.response.status_code', value: { intValue: failed ? 503 : 200 } },
    isServer ? text('http.route', '/users/:id') : text('url.template', '/users/:id'),
    isServer
      ? text('url.path', `/users/${i}`)
      : text('url.full', `http://127.0.0.1:8080/users/${i}`),
    text('url.scheme', 'http'),
    text('server.address', '127.0.0.1'),
    { key: 'server.port', value: { intValue: 8080 } },
    text('user_agent.original', 'axios/1.21.1'),
  ];
}

function pauseAt(timeUnixNano: string): object {
  return {
    name: 'pause',
    timeUnixNano,
    attributes: [
      text('aftershock.pause.kind', 'gc'),
      { key: 'aftershock.pause.overlap_ms', value: { doubleValue: 0.25 } },
    ],
  };
}
