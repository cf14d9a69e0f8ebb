import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type DashboardLink,
  DashboardLinkBuilder,
  DashboardLinkType,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { without } from './without.ts';

/** A link at the top of a page. */
export function pageLink(title: string, url: string): Builder<DashboardLink> {
  return without(
    new DashboardLinkBuilder(title)
      .type(DashboardLinkType.Link)
      .url(url)
      .icon('external link')
      .keepTime(url.startsWith('/d/')),
    'placement',
  );
}
