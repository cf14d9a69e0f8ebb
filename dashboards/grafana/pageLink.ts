import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type DashboardLink,
  DashboardLinkBuilder,
  DashboardLinkType,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { inSight } from './inSight.ts';

/** A link at the top of a page. */
export function pageLink(title: string, url: string): Builder<DashboardLink> {
  return inSight(
    new DashboardLinkBuilder(title)
      .type(DashboardLinkType.Link)
      .url(url)
      .icon('external link')
      .keepTime(url.startsWith('/d/')),
  );
}
