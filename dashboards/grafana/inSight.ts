import type { Builder } from '@grafana/grafana-foundation-sdk/cog';

/**
 * Links and annotations on the page itself. The builders put them into a menu unless told otherwise,
 * and have no way to tell them.
 */
export function inSight<T extends { placement?: unknown }>(builder: Builder<T>): Builder<T> {
  const { placement: _menu, ...rest } = builder.build();
  return { build: () => rest as T };
}
