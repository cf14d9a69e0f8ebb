import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { pathDashboard, pathUid } from './path.ts';
import { storyDashboard, storyUid } from './story.ts';

/** Every dashboard by the name of the file that it is written to. */
export function dashboards(): ReadonlyMap<string, Dashboard> {
  return new Map([
    ['aftershock.json', storyDashboard(pathUid).build()],
    ['aftershock-path.json', pathDashboard(storyUid).build()],
  ]);
}

/** As it is committed. */
export function dashboardText(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
