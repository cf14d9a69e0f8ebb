import { show } from '../pattern.ts';
import type { AttributeValue, Span } from '../span.ts';
import { withoutIds } from './hop.ts';

/** Something besides time in which two spans differ. */
export interface Change {
  /** `status`, `name`, or the key of an attribute. */
  readonly what: string;
  readonly a: string;
  readonly b: string;
}

/** Attributes that are another one each time, or say by other words how long something took. */
const volatile =
  /(\.port|\.pid|_ms|_at|_us|_ns|\.size|\.id|\.sequence|resend_count)$|^(thread|code|network|aftershock)\./;

/** Of a resource, what may be why: another version, machine or place. */
const telling = [
  'service.version',
  'deployment.environment.name',
  'host.name',
  'k8s.node.name',
  'cloud.availability_zone',
  'cloud.region',
  'process.runtime.version',
];

/** In what two spans differ that are the same hop; ids and numbers in texts do not count. */
export function changesOf(a: Span, b: Span): Change[] {
  const found: Change[] = [];
  const add = (what: string, x: unknown, y: unknown) => {
    const [textX, textY] = [show(x), show(y)];
    if (textX !== textY) found.push({ what, a: textX, b: textY });
  };
  add('status', a.status.code, b.status.code);
  const keys = new Set([...Object.keys(a.attributes), ...Object.keys(b.attributes)]);
  for (const key of [...keys].sort()) {
    if (volatile.test(key)) continue;
    const [x, y] = [own(a.attributes, key), own(b.attributes, key)];
    if (sameButIds(x, y)) continue;
    add(key, x, y);
  }
  for (const key of telling)
    add(key, own(a.resource.attributes, key), own(b.resource.attributes, key));
  if (withoutIds(a.name) !== withoutIds(b.name)) add('name', a.name, b.name);
  return found;
}

function own(attributes: Span['attributes'], key: string): AttributeValue | undefined {
  return Object.hasOwn(attributes, key) ? attributes[key] : undefined;
}

function sameButIds(a: AttributeValue | undefined, b: AttributeValue | undefined): boolean {
  return typeof a === 'string' && typeof b === 'string' && withoutIds(a) === withoutIds(b);
}
