import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TappedRequest } from './wireTap.ts';
import type { TapAnswer, TapOrder } from './wireTapProcess.ts';

/** The process of `wireTapProcess.ts`. */
export interface TapProcess {
  /** By service: where its callers are to send. */
  readonly urls: Readonly<Record<string, string>>;
  targets(urls: Readonly<Record<string, string>>): void;
  report(): Promise<readonly TappedRequest[]>;
  stop(): Promise<void>;
}

/** @throws {Error} if it ends before it has answered. */
export async function startTapProcess(services: readonly string[]): Promise<TapProcess> {
  const child = fork(join(import.meta.dirname, 'wireTapProcess.ts'));
  const gone = once(child, 'exit').then(() => {
    throw new Error('The process that taps the wire has ended');
  });
  gone.catch(() => {}); // seen by whoever waits for an answer
  const ask = async (order: TapOrder): Promise<TapAnswer> => {
    const answered = once(child, 'message');
    child.send(order);
    const [answer] = (await Promise.race([answered, gone])) as [TapAnswer];
    return answer;
  };
  const opened = await ask({ open: services });
  if (!('urls' in opened)) throw new Error('The process that taps the wire gave no addresses');
  return {
    urls: opened.urls,
    targets: (urls) => child.send({ targets: urls } satisfies TapOrder),
    async report() {
      const answer = await ask({ report: true });
      return 'requests' in answer ? answer.requests : [];
    },
    async stop() {
      if (child.connected) child.disconnect();
      await gone.catch(() => {});
    },
  };
}
