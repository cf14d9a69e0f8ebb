import type { TraceState } from '@opentelemetry/api';

// The grammar of W3C Trace Context, level 2, 3.3.1: a key may have `@` anywhere but at its start.
const key = '[a-z0-9][a-z0-9_*/@-]{0,255}';
const value = '[ -+\\--<>-~]{0,255}[!-+\\--<>-~]';
const member = `${key}=${value}`;
const maxMembers = 32;
/** A list of members without white space around them, as senders write it. */
const plainList = new RegExp(`^${member}(?:,${member}){0,${maxMembers - 1}}$`);
const aKey = new RegExp(`^${key}$`);
const aValue = new RegExp(`^${value}$`);
const aroundMembers = /^[ \t]+|[ \t]+$/g;

/**
 * A received tracestate, as it came where it is plain, which one look tells; else without the white
 * space and the empty members that the grammar allows. A list with a faulty member, or with more
 * than 32, is no list (3.3.1.1: "discard the whole tracestate"): undefined.
 */
export function receivedTraceState(header: string): TraceState | undefined {
  if (plainList.test(header)) return new MemberList(header);
  const members = header
    .split(',')
    .map((text) => text.replace(aroundMembers, ''))
    .filter((text) => text !== '');
  const list = members.join();
  return plainList.test(list) ? new MemberList(list) : undefined;
}

/** Changed or new members are leftmost, and a full list loses its last (3.5). */
class MemberList implements TraceState {
  readonly #list: string;

  constructor(list: string) {
    this.#list = list;
  }

  serialize(): string {
    return this.#list;
  }

  get(key: string): string | undefined {
    const found = this.#members().find((member) => keyOf(member) === key);
    return found?.slice(key.length + 1);
  }

  /** Without effect where key or value is none by the grammar. */
  set(key: string, value: string): TraceState {
    if (!aKey.test(key) || !aValue.test(value)) return this;
    const others = this.#others(key).slice(0, maxMembers - 1);
    return new MemberList([`${key}=${value}`, ...others].join());
  }

  unset(key: string): TraceState {
    return new MemberList(this.#others(key).join());
  }

  #others(key: string): string[] {
    return this.#members().filter((member) => keyOf(member) !== key);
  }

  #members(): string[] {
    return this.#list === '' ? [] : this.#list.split(',');
  }
}

function keyOf(member: string): string {
  return member.slice(0, member.indexOf('='));
}
