import type { Random } from '../../mesh/random.ts';

/** A request as it passes a simulated event loop that asks a further service. Milliseconds. */
export interface SimulatedRequest {
  /** By its sender, shortly before it was on the wire. */
  readonly stampMs: number;
  readonly sentMs: number;
  readonly begunMs: number;
  /** When the loop had last been idle by then. */
  readonly idleMs: number;
  /** Its call further down was on the wire, and the answer to that. */
  readonly onwardMs: number;
  readonly returnedMs: number;
  readonly doneMs: number;
  readonly answeredMs: number;
}

export interface SimulatedPause {
  readonly startMs: number;
  readonly endMs: number;
  /** The loop's first idle moment after it. */
  readonly idleMs: number;
}

/** Poisson arrivals; work on a request, on the answer to its call, and of who is called, ±20 %. */
export interface SimulatedLoad {
  readonly ratePerSecond: number;
  readonly requestMs: number;
  readonly answerMs: number;
  readonly furtherMs: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Job {
  readonly atMs: number;
  /** null: the pause. */
  readonly request: Mutable<SimulatedRequest> | null;
  readonly isAnswer: boolean;
}

const pauseFromMs = 600;
const pauseMs = 120;
const lastMs = 1400;

/**
 * One loop that takes what it is sent, requests and answers, first come, first served, and stands
 * still once; behind it another one. Unlike those who watch a real one it knows when it was idle.
 */
export function simulateLoop(
  { ratePerSecond, requestMs, answerMs, furtherMs }: SimulatedLoad,
  random: Random,
): { requests: SimulatedRequest[]; pause: SimulatedPause } {
  const exponential = (meanMs: number) => -meanMs * Math.log(1 - random());
  const about = (ms: number) => ms * (0.8 + 0.4 * random());
  const wire = () => 0.3 + exponential(0.2);
  const jobs: Job[] = [{ atMs: pauseFromMs, request: null, isAnswer: false }];
  const requests: Mutable<SimulatedRequest>[] = [];
  for (let atMs = exponential(1000 / ratePerSecond); atMs < lastMs; ) {
    const stampMs = atMs - 0.4 - exponential(0.3);
    const request = { stampMs, sentMs: atMs } as Mutable<SimulatedRequest>;
    requests.push(request);
    jobs.push({ atMs: atMs + wire(), request, isAnswer: false });
    atMs += exponential(1000 / ratePerSecond);
  }
  let [freeMs, idleMs, furtherFreeMs] = [0, 0, 0];
  const pause = { startMs: 0, endMs: Number.POSITIVE_INFINITY, idleMs: Number.POSITIVE_INFINITY };
  while (jobs.length > 0) {
    jobs.sort((a, b) => a.atMs - b.atMs);
    const { atMs, request, isAnswer } = jobs.shift() as Job;
    if (atMs > freeMs) {
      if (freeMs >= pause.endMs) pause.idleMs = Math.min(pause.idleMs, freeMs);
      idleMs = atMs;
      freeMs = atMs;
    }
    const begunMs = freeMs;
    if (request === null) {
      freeMs += pauseMs;
      pause.startMs = begunMs;
      pause.endMs = freeMs;
    } else if (isAnswer) {
      freeMs += about(answerMs);
      request.doneMs = freeMs;
      request.answeredMs = freeMs + wire();
    } else {
      freeMs += about(requestMs);
      request.begunMs = begunMs;
      request.idleMs = idleMs;
      request.onwardMs = freeMs + wire();
      furtherFreeMs = Math.max(furtherFreeMs, request.onwardMs + wire()) + about(furtherMs);
      request.returnedMs = furtherFreeMs + wire();
      jobs.push({ atMs: request.returnedMs + wire(), request, isAnswer: true });
    }
  }
  return { requests, pause };
}
