import { checkCollector } from './checks/collector.ts';
import { checkPrometheus } from './checks/prometheus.ts';
import { checkRequest } from './checks/request.ts';
import { checkServices } from './checks/services.ts';
import { checkSpans } from './checks/spans.ts';
import { checkStore } from './checks/store.ts';
import type { Evidence } from './evidence.ts';
import type { Diagnosis } from './stage.ts';

/** What the evidence says, stage by stage, from client to store. */
export function diagnose(evidence: Evidence): Diagnosis {
  const stages = [
    checkRequest(evidence),
    ...checkServices(evidence),
    checkCollector(evidence),
    checkStore(evidence),
    checkPrometheus(evidence),
    checkSpans(evidence),
  ];
  return {
    traceId: evidence.canary.traceId,
    stages,
    firstWrong: stages.find(({ state }) => state === 'wrong') ?? null,
  };
}
