import { writeFileSync } from 'node:fs';
import { dashboards, dashboardText } from './dashboards.ts';

/** Writes the dashboards as JSON, for Grafana to read. `npm run dashboards` runs it. */
for (const [name, dashboard] of dashboards()) {
  writeFileSync(new URL(`generated/${name}`, import.meta.url), dashboardText(dashboard));
  process.stdout.write(`dashboards/grafana/generated/${name}: ${dashboard.title}\n`);
}
