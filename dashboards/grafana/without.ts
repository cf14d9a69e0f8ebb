import type { Builder } from '@grafana/grafana-foundation-sdk/cog';

/**
 * What the builder builds, less some fields: builders fill in some that change how a thing is shown
 * (`placement` puts it into a menu), or that belong to other kinds, and cannot leave them out.
 */
export function without<T extends object, K extends keyof T>(
  builder: Builder<T>,
  ...fields: readonly K[]
): Builder<T> {
  const left = { ...builder.build() };
  for (const field of fields) delete left[field];
  return { build: () => left };
}
