/**
 * About `limit` of `items`, in their order: all that `keep` wants, however many, and of the rest
 * every k-th, so that `limit` is kept where it can be and at least a tenth of it is left for them.
 */
export function thin<T>(items: readonly T[], limit: number, keep: (item: T) => boolean): T[] {
  if (items.length <= limit) return [...items];
  const wanted = items.filter(keep).length;
  const room = Math.max(1, Math.floor(limit / 10), limit - wanted);
  const step = Math.max(1, Math.ceil((items.length - wanted) / room));
  let others = 0;
  return items.filter((item) => keep(item) || others++ % step === step - 1);
}
