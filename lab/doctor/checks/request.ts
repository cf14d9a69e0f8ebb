import { ms } from '../../report/format.ts';
import { canarySpan } from '../canary.ts';
import type { Evidence } from '../evidence.ts';
import { hopsOf } from '../hops.ts';
import { isOurService, problemOf } from '../recognise.ts';
import { refusal } from '../refusal.ts';
import { ok, type Stage, wrong } from '../stage.ts';
import { howToSay } from '../targets.ts';

const name = 'request';

/** Whether the canary was answered, by the gateway, with what it was sent for. */
export function checkRequest({ targets, canary, health, sighting }: Evidence): Stage {
  const target = targets.gateway;
  const { reply } = canary;
  const expected = `the gateway answers GET ${canary.url} with 200`;
  if (reply.kind !== 'answer') {
    const { seen, came, todo } = refusal(reply, target);
    return wrong(name, target.url, seen, { expected, came, todo });
  }
  const { status, durationMs } = reply;
  const problem = problemOf(reply);
  if (!isOurService(reply, health)) {
    const type = reply.headers['content-type'] ?? 'no content type';
    const server = reply.headers.server === undefined ? '' : `, server ${reply.headers.server}`;
    const { port } = new URL(target.url);
    return wrong(name, target.url, `answered ${status}, but is not the gateway`, {
      expected,
      came:
        `status ${status}, ${type}${server}, and /health is not that of a service of this mesh: ` +
        'another program has this port',
      todo:
        `find out which (ss -ltnp 'sport = :${port || 80}'), stop it or give the gateway another ` +
        `port (GATEWAY_PORT for compose), and say which with ${howToSay(target)}`,
    });
  }
  if (status === 200) {
    return ok(name, target.url, `200 in ${ms(durationMs)} ms, trace ${canary.traceId}`);
  }
  if (problem === null) {
    return wrong(name, target.url, `answered ${status}`, {
      expected,
      came: `status ${status} without a problem document`,
      todo: 'look into the log of the gateway',
    });
  }
  const said = `${problem.service} says: ${problem.detail} (${problem.code})`;
  // The gateway knows only whom it called; the trace knows who failed behind that.
  const failed = hopsOf(sighting.spans, canarySpan(canary)).findLast(
    ({ failure }) => failure !== null,
  );
  const caller = String(failed?.call?.resource.attributes['service.name'] ?? problem.service);
  const callee = failed?.service ?? /"([^"]+)"/.exec(problem.detail)?.[1] ?? problem.service;
  const reason = failed?.failure ?? problem.detail;
  return wrong(name, target.url, `answered ${status}: ${problem.code} at ${callee}`, {
    expected,
    came: `${status}; ${said}${failed === undefined ? '' : `; behind it, ${caller} could not call ${callee}: ${reason}`}`,
    todo: adviceFor(reason, caller, callee, problem.code),
  });
}

function adviceFor(reason: string, caller: string, callee: string, code: string): string {
  if (/ENOTFOUND|EAI_AGAIN/.test(reason)) {
    return (
      `no DNS name: set AFTERSHOCK_PEERS of ${caller} so that "${callee}" has a URL that it can ` +
      `resolve, such as {"${callee}":"http://${callee}:8080"}`
    );
  }
  if (/ECONNREFUSED|ECONNRESET|socket hang up/.test(reason)) {
    return (
      `${callee} is not running, or not where ${caller} looks for it: docker compose ps ${callee}; ` +
      `docker compose logs ${callee}; AFTERSHOCK_PEERS of ${caller} says where it looks`
    );
  }
  if (code === 'no-token' || code === 'bad-token') {
    return (
      `${callee} wants a token: ask the gateway, not ${callee}; or let the gateway lend one ` +
      '(AFTERSHOCK_DEMO must not be off), with the same AFTERSHOCK_TOKEN_SECRET at both'
    );
  }
  if (/timeout|within \d+ ms|deadline/.test(`${code} ${reason}`)) {
    return `${callee} was too slow: look for a pause or for load in it, then try again`;
  }
  return `look into the log of ${callee}: docker compose logs ${callee}`;
}
