import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { Span } from '../../traces/span.ts';
import type { Result } from '../analysis/analysis.ts';
import type { RequestRecord, Traces } from '../analysis/records.ts';
import type { Run } from '../run.ts';
import { arithmeticTable, articleTable } from './articleTables.ts';
import { changeTable } from './changeTable.ts';
import { escapeHtml, scriptJson } from './escape.ts';
import { count, ms } from './format.ts';
import { headline, subject } from './headline.ts';
import { htmlTable } from './htmlTable.ts';
import { latencyTable } from './latencyTable.ts';
import { notes } from './notes.ts';
import { type PageData, pageData } from './pageData.ts';
import { pauseTable } from './pauseTable.ts';
import { disturbanceTable, spanTable } from './processTables.ts';
import type { Sentence } from './sentence.ts';
import type { Table } from './table.ts';
import { victimsChart } from './victimsChart.ts';
import { slowestRequests, waterfall } from './waterfall.ts';

/** `report.html`: one page that needs nothing else, neither files nor a network. */
export function renderHtml(result: Result, spans: readonly Span[]): string {
  const { analysis, run } = result;
  const { data, traces } = pageData(run, analysis, spans);
  const tables = [
    ...analysis.groups.map((group) => pauseTable(analysis, group)),
    latencyTable(analysis, run),
    changeTable(analysis, run),
    articleTable(analysis),
    arithmeticTable(analysis),
    disturbanceTable(analysis),
    spanTable(analysis),
  ].filter((table): table is Table => table !== null);
  const sections = [
    ...(data.fold ? [foldSection(data)] : []),
    section(
      'Every request',
      `${scatterHint(data)} Drag to zoom, double-click to zoom out.`,
      '<div class="tabs" id="tiers"></div><div class="chart" id="scatter"></div>',
    ),
    ...waterfallSections(run, traces, spans),
    section(
      'Percentiles at the client',
      'A pause shows at a percentile only if it strikes often enough; the axis stretches the tail. ' +
        'Predicted: the baseline’s requests, met at random by the pauses that struck.',
      '<div class="chart" id="curve"></div>',
    ),
    section(
      'Requests hurt by each pause',
      `${swatch('hit')} in the process during the pause, ${swatch('queued')} queued behind it, ` +
        `${swatch('expected')} expected.`,
      victimsChart(analysis),
    ),
    section('Figures', '', tables.map(htmlTable).join('\n')),
    section('To be borne in mind', '', sentenceList(notes(result))),
    section('How this was run', '', provenance(result)),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(`Aftershock · ${subject(result)}`)}</title>
<style>${asset('uPlot.min.css')}${own('page.css')}</style>
</head>
<body>
<header><h1>Aftershock</h1><p class="subject">${escapeHtml(subject(result))}</p></header>
<main>
<section class="headline">${sentenceList(headline(result))}</section>
${sections.join('\n')}
</main>
<script type="application/json" id="data">${scriptJson(data)}</script>
<script>${asset('uPlot.iife.min.js')}</script>
<script>${own('page.js')}</script>
</body>
</html>
`;
}

function section(title: string, hint: string, content: string): string {
  const told = hint === '' ? '' : `<p class="hint">${hint}</p>`;
  return `<section><h2>${escapeHtml(title)}</h2>${told}${content}</section>`;
}

function foldSection({ fold }: PageData): string {
  const length = ms(fold?.pauseMs ?? null);
  return section(
    'All pauses, laid over one another',
    `A request that comes t after the pause began waits D − (1 − ρ)t longer: the dashed line, for ` +
      `D = ${length} ms. ${swatch('victim')} victims, ${swatch('failed')} failed, ` +
      `${swatch('ordinary')} others. Latency at the client, from the intended time.`,
    '<div class="chart" id="fold"></div>',
  );
}

function waterfallSections(run: Run, traces: Traces, spans: readonly Span[]): string[] {
  const { any, waiting } = slowestRequests(traces);
  const slowest = 'The slowest request, span by span';
  const who = traces.pauses.length > 0 ? 'paused service' : 'called service';
  const innocent = `The ${who}’s handler looks innocent: the wait before it belongs to no span at all.`;
  const draw = (title: string, hint: string, request: RequestRecord) =>
    section(title, hint, waterfall(run, traces, spans, request));
  if (any && any === waiting) return [draw(slowest, innocent, any)];
  return [
    ...(any ? [draw(slowest, '', any)] : []),
    ...(waiting ? [draw('The slowest that mostly waited', innocent, waiting)] : []),
  ];
}

function scatterHint({ scatters }: PageData): string {
  const shown = scatters.reduce((sum, { timesS }) => sum + timesS.length, 0);
  const all = scatters.reduce((sum, { outOf }) => sum + outOf, 0);
  const thinned =
    shown < all
      ? ` ${count(shown)} of ${count(all)} points: every victim, every failure, the slowest, and ` +
        'of the rest every few.'
      : '';
  return (
    `Latency at the caller over time; pauses are shaded. ${swatch('victim')} victims, ` +
    `${swatch('failed')} failed, ${swatch('ordinary')} others.${thinned}`
  );
}

function swatch(name: string): string {
  return `<i class="swatch ${name}"></i>`;
}

function sentenceList(sentences: readonly Sentence[]): string {
  const items = sentences.map(({ tone, text }) => {
    const strong = escapeHtml(text).replace(/\*([^*]+)\*/g, '<b>$1</b>');
    return `<li class="${tone}">${strong}</li>`;
  });
  return `<ul class="sentences">${items.join('\n')}</ul>`;
}

function provenance({ run }: Result): string {
  const { machine, mesh, startedAt } = run;
  const rows: [string, string][] = [
    ['started', startedAt],
    [
      'machine',
      `${machine.cpuModel}, ${machine.cores} cores, ` +
        `${(machine.memoryBytes / 2 ** 30).toFixed(1)} GiB, ${machine.platform}, Node ${machine.node}`,
    ],
    ['seed', String(mesh.seed)],
  ];
  const list = rows
    .map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`)
    .join('');
  return (
    `<dl>${list}<dt>again</dt><dd><code>npm run aftershock -- run --mesh mesh.json</code>, where ` +
    '<code>mesh.json</code> lies beside this page and says what follows.</dd></dl>' +
    `<details><summary>The mesh, with every default</summary><pre>${escapeHtml(stringify(mesh))}</pre></details>`
  );
}

function own(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

/** A file that uPlot ships for browsers. */
function asset(name: string): string {
  const main = createRequire(import.meta.url).resolve('uplot');
  return readFileSync(join(dirname(main), name), 'utf8');
}
