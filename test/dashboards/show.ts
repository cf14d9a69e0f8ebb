import { PrometheusApi, type Sample } from '../interop/prometheusApi.ts';
import { dashboardJson, type PanelJson } from './dashboardFiles.ts';
import { filledIn } from './promql.ts';

/**
 * Prints the dashboards with the numbers of a running Prometheus, line by line as they are laid out:
 *
 *   node test/dashboards/show.ts http://localhost:9090
 */
const [url = 'http://localhost:9090'] = process.argv.slice(2);
const prometheus = new PrometheusApi(url);

for (const [file, page] of dashboardJson()) {
  process.stdout.write(`\n# ${page.title} (${file})\n`);
  const lines = Map.groupBy(page.panels, ({ gridPos }) => gridPos.y);
  for (const panels of lines.values()) {
    for (const panel of panels) await show(panel);
  }
}

async function show(panel: PanelJson): Promise<void> {
  const { x, w, h } = panel.gridPos;
  if (panel.type === 'row') {
    process.stdout.write(`\n## ${panel.title}\n`);
    return;
  }
  const place = `${'·'.repeat(x)}${'█'.repeat(w)}${'·'.repeat(24 - x - w)} ${h} high`;
  const unit = panel.fieldConfig?.defaults.unit ?? '';
  process.stdout.write(`${place}  ${panel.title} [${panel.type}, ${unit}]\n`);
  for (const target of panel.targets ?? []) {
    const samples = await prometheus.query(filledIn(target.expr));
    if (samples.length === 0) process.stdout.write('      NO DATA\n');
    for (const sample of samples) {
      process.stdout.write(`      ${legend(target.legendFormat ?? '', sample)}: ${sample.value}\n`);
    }
  }
}

function legend(format: string, { metric }: Sample): string {
  return format.replaceAll(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? '');
}
