import type { PauseOrder, PausePlan, ServiceStats } from '../../services/kit/protocol.ts';
import { describe } from '../describe.ts';

/**
 * Client of a service's admin API. Every call rejects with an `Error` that names the service when
 * it cannot be reached, does not answer within `timeoutMs`, or refuses.
 */
export class Admin {
  readonly #service: string;
  readonly #baseUrl: string;

  constructor(service: string, baseUrl: string) {
    this.#service = service;
    this.#baseUrl = baseUrl.replace(/\/+$/, '');
  }

  async stats(timeoutMs: number): Promise<ServiceStats> {
    return (await this.#call('GET', '/stats', undefined, timeoutMs)) as ServiceStats;
  }

  async preparePause(order: PauseOrder, timeoutMs: number): Promise<void> {
    await this.#call('POST', '/pauses/prepare', order, timeoutMs);
  }

  async startPauses(plan: PausePlan, timeoutMs: number): Promise<void> {
    await this.#call('PUT', '/pauses', plan, timeoutMs);
  }

  async stopPauses(timeoutMs: number): Promise<void> {
    await this.#call('DELETE', '/pauses', undefined, timeoutMs);
  }

  async #call(method: string, path: string, body: unknown, timeoutMs: number): Promise<unknown> {
    const what = `${method} ${path} of ${this.#service}'s admin API`;
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.#baseUrl + path, {
        method,
        ...(body !== undefined && {
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      text = await response.text();
    } catch (cause) {
      const reason =
        cause instanceof DOMException && cause.name === 'TimeoutError'
          ? `no answer within ${timeoutMs / 1000} s`
          : describe(cause);
      throw new Error(`${what}: ${reason}`, { cause });
    }
    if (!response.ok) throw new Error(`${what}: status ${response.status}: ${detail(text)}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}

/** What a problem document says (RFC 9457), or the text itself. */
function detail(text: string): string {
  try {
    const { detail, title } = JSON.parse(text) as { detail?: string; title?: string };
    return detail ?? title ?? text;
  } catch {
    return text;
  }
}
