import { z } from 'zod';
import type { ServiceStats } from '../../services/kit/protocol.ts';
import { ask } from './ask.ts';
import { jsonOf } from './json.ts';

const stats = z.looseObject({
  requests: z.number(),
  spans: z.looseObject({ ended: z.number(), exported: z.number(), dropped: z.number() }),
});

/** What the doctor reads of {@link ServiceStats}. */
export type ServiceCounts = Pick<ServiceStats, 'requests' | 'spans'>;

/** A service's own counts, by its admin API; null where that gives none. */
export async function askService(
  adminUrl: string,
  token: string | undefined,
  timeoutMs: number,
): Promise<ServiceCounts | null> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const reply = await ask(`${adminUrl.replace(/\/+$/, '')}/stats`, { headers, timeoutMs });
  if (reply.kind !== 'answer' || reply.status !== 200) return null;
  const parsed = stats.safeParse(jsonOf(reply));
  return parsed.success ? parsed.data : null;
}
