/**
 * At most `limit` of `items`, in their order: all that `keep` wants, and of the rest every k-th. If
 * `keep` wants more than `limit`, it gets them, and nothing else is left.
 */
export function thin<T>(items: readonly T[], limit: number, keep: (item: T) => boolean): T[] {
  if (items.length <= limit) return [...items];
  const wanted = items.filter(keep).length;
  const room = Math.max(0, limit - wanted);
  const step = room === 0 ? Number.POSITIVE_INFINITY : Math.ceil((items.length - wanted) / room);
  let others = 0;
  return items.filter((item) => keep(item) || others++ % step === step - 1);
}
