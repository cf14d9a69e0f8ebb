import { articleTierOf } from '../analysis/article.ts';
import type { TierRow } from '../analysis/tierRows.ts';

/** `2 auth`, or `2 (2) auth` with the article's number; many services are counted. */
export function rowName({ tier, services }: TierRow, meshName: string): string {
  const other = meshName === 'article' ? ` (${articleTierOf(tier) ?? '–'})` : '';
  const names =
    services.length > 3
      ? `${services[0]} … ${services.at(-1)} (${services.length})`
      : services.join();
  return `${tier}${other} ${names}`;
}
