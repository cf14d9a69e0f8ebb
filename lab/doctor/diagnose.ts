import { checkCollector } from './checks/collector.ts';
import { checkGateway } from './checks/gateway.ts';
import { checkServices } from './checks/services.ts';
import { checkEmbeddedSpans } from './checks/spans.ts';
import { checkStore } from './checks/store.ts';
import type { Evidence } from './evidence.ts';
import { type Diagnosis, skipped } from './stage.ts';

/** What the evidence says, stage by stage, from client to store. */
export function diagnose(evidence: Evidence): Diagnosis {
  const stages = [
    checkGateway(evidence),
    ...checkServices(evidence),
    checkCollector(evidence),
    checkStore(evidence),
    skipped('prometheus', '', 'not part of this stack'),
    checkEmbeddedSpans(evidence),
  ];
  return {
    traceId: evidence.canary.traceId,
    stages,
    firstWrong: stages.find(({ state }) => state === 'wrong') ?? null,
  };
}
