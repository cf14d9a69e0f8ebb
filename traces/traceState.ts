/** One member of a tracestate, such as `rojo=00f067aa0ba902b7`. */
export interface TraceStateMember {
  readonly key: string;
  readonly value: string;
}

const member = /^([a-z0-9][a-z0-9_\-*/@]{0,255})=([ -+\--<>-~]{0,255}[!-+\--<>-~])$/;
const most = 32;

/**
 * The members of a `tracestate` header, the one that was changed last first; none where one of them
 * breaks the grammar, comes twice, or where there are more than 32: the whole is void then.
 * Source: W3C Trace Context, level 2, 3.3.1.
 */
export function parseTraceState(header: string): readonly TraceStateMember[] {
  const members = new Map<string, string>();
  for (const part of header.split(',')) {
    const text = part.replace(/^[ \t]+|[ \t]+$/g, '');
    if (text === '') continue;
    const match = member.exec(text);
    if (match === null || members.has(match[1] as string)) return [];
    members.set(match[1] as string, match[2] as string);
  }
  return members.size > most ? [] : [...members].map(([key, value]) => ({ key, value }));
}
