import type { ServerResponse } from 'node:http';

/** What may be wrong with an answer. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly body: string }
  | { readonly kind: 'page' }
  /** The connection ends before the answer, or in its middle. */
  | { readonly kind: 'reset' | 'cut' }
  /** Half of what was found, as if it were all. */
  | { readonly kind: 'half' }
  /** Bytes of no sense, of the right type and length; or none at all. */
  | { readonly kind: 'garbage' | 'empty' }
  | { readonly kind: 'silent' };

/** An answer as it should be. */
export interface GoodAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
}

/** Answers with what is asked, or with what is wrong with it. */
export function give(response: ServerResponse, good: GoodAnswer, fault: Fault | null): void {
  const { status, body } = good;
  const type = { 'content-type': good.type };
  const length = { 'content-length': body.length };
  const half = body.subarray(0, body.length / 2);
  switch (fault?.kind) {
    case 'status':
      response.writeHead(fault.status, { 'content-type': 'text/plain' }).end(fault.body);
      return;
    case 'page':
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!DOCTYPE html>\n<html></html>');
      return;
    case 'reset':
      response.destroy();
      return;
    case 'cut':
      response.writeHead(status, { ...type, ...length });
      response.write(half, () => response.destroy());
      return;
    case 'half':
      response.writeHead(status, type).end(status === 200 ? half : body);
      return;
    case 'garbage':
      response.writeHead(200, { ...type, ...length }).end(Buffer.alloc(body.length, 0xff));
      return;
    case 'empty':
      response.writeHead(200, type).end();
      return;
    case 'silent':
      return;
    default:
      response.writeHead(status, { ...type, ...length }).end(body);
  }
}
