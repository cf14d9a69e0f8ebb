import { show } from '../pattern.ts';
import type { Attributes, Resource, Span } from '../span.ts';
import {
  type ConventionName,
  exceptionNeeds,
  isOfType,
  type PresenceRule,
  replaced,
  resourceNeeds,
  type SpanConvention,
  sdkNeeds,
  spanConventions,
  values,
} from './semconvRules.ts';

/** One thing in which a span is not as the conventions have it. */
export interface Breach {
  /** Such as `http.server: url.path`: what is looked at, and the attribute, `name` or `status`. */
  readonly rule: string;
  readonly span: Span;
  readonly attribute: string;
  /** As it is, in one line; `(none)`: it is not there. */
  readonly value: string;
  readonly right: string;
}

type Add = (rule: string, attribute: string, value: unknown, right: string) => void;

/** Breaches of the stable conventions, each resource looked at once, at its first span. */
export function semconvBreaches(
  spans: readonly Span[],
  only: readonly ConventionName[] | undefined,
  ignore: readonly string[],
): Breach[] {
  const ignored = new Set(ignore);
  const resources = new Set<Resource>();
  const wants = (name: ConventionName) => only === undefined || only.includes(name);
  const conventions = spanConventions.filter(({ name }) => wants(name));
  const found: Breach[] = [];
  for (const span of spans) {
    const add: Add = (rule, attribute, value, right) => {
      if (!ignored.has(rule)) found.push({ rule, span, attribute, value: show(value), right });
    };
    for (const convention of conventions) {
      if (convention.covers(span)) checkSpan(span, convention, add);
    }
    if (wants('exception')) checkExceptions(span, add);
    if (!wants('resource') || resources.has(span.resource)) continue;
    resources.add(span.resource);
    checkResource(span.resource, add);
  }
  return found;
}

function checkSpan(span: Span, convention: SpanConvention, add: Add): void {
  const { name, presence, names, status } = convention;
  const { attributes } = span;
  checkValues(name, attributes, add);
  for (const rule of presence) checkPresence(name, span, rule, add);
  const allowed = names(span);
  if (allowed !== null && !allowed.includes(span.name)) {
    add(`${name}: name`, 'name', span.name, allowed.map((each) => show(each)).join(' or '));
  }
  const needs = status(span);
  if (needs !== null && needs.code !== span.status.code) {
    add(`${name}: status`, 'status', span.status.code, `${show(needs.code)}, since ${needs.when}`);
  }
}

function checkPresence(name: string, span: Span, rule: PresenceRule, add: Add): void {
  const { attribute, when, applies } = rule;
  if (span.attributes[attribute] !== undefined || applies?.(span) === false) return;
  add(
    `${name}: ${attribute}`,
    attribute,
    undefined,
    `there${when === undefined ? '' : `, as ${when}`}`,
  );
}

function checkValues(name: string, attributes: Attributes, add: Add): void {
  for (const [key, value] of Object.entries(attributes)) {
    const instead = Object.hasOwn(replaced, key) ? replaced[key] : undefined;
    if (instead !== undefined) add(`${name}: ${key}`, key, value, `${instead} instead`);
    const rule = Object.hasOwn(values, key) ? values[key] : undefined;
    if (rule === undefined) continue;
    const { type, right, isRight } = rule;
    const isType = isOfType(value, type);
    if (isType && (isRight === undefined || isRight(value as never))) continue;
    const a = type === 'int' ? 'an int' : `a ${type}`;
    add(`${name}: ${key}`, key, value, isType ? `${a}, ${right}` : a);
  }
}

function checkExceptions(span: Span, add: Add): void {
  for (const { name, attributes } of span.events) {
    if (name !== 'exception') continue;
    checkValues('exception', attributes, add);
    if (exceptionNeeds.every((key) => !attributes[key])) {
      const needs = exceptionNeeds.join(' or ');
      add('exception: exception.type', needs, undefined, 'one of them there');
    }
  }
}

function checkResource({ attributes }: Resource, add: Add): void {
  checkValues('resource', attributes, add);
  const needsSdk = sdkNeeds.some((key) => attributes[key] !== undefined);
  for (const key of [...resourceNeeds, ...(needsSdk ? sdkNeeds : [])]) {
    if (attributes[key] === undefined) add(`resource: ${key}`, key, undefined, 'there');
  }
}
