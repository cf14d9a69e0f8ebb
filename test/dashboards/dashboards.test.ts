import { expect, test } from 'vitest';
import { dashboards, dashboardText } from '../../dashboards/grafana/dashboards.ts';
import { committedDashboards, dashboardJson, type GridPosition } from './dashboardFiles.ts';
import { provisionedDataSources } from './provisioned.ts';
import { rules } from './rules.ts';

const pages = [...dashboardJson()].map(([file, page]) => ({ file, page }));
const panels = pages.flatMap(({ file, page }) =>
  page.panels.map((panel) => ({ file, page, panel, title: panel.title })),
);
const shown = panels.filter(({ panel }) => panel.type !== 'row');
const queried = shown.filter(({ panel }) => panel.type !== 'text');
const uids = new Set(provisionedDataSources().map(({ uid }) => uid));

test('the committed dashboards are what `npm run dashboards` writes', () => {
  const drawn = [...dashboards()].map(([name, page]) => [name, dashboardText(page)]);
  expect(Object.fromEntries(committedDashboards())).toEqual(Object.fromEntries(drawn));
});

test.each(pages)('$file has its own uid, and one that Grafana takes', ({ page }) => {
  expect(page.uid).toMatch(/^[a-zA-Z0-9_-]{1,40}$/);
  expect(pages.filter((other) => other.page.uid === page.uid)).toHaveLength(1);
});

test.each(pages)('$file is in the classic schema, which file provisioning reads', ({ page }) => {
  expect(page.schemaVersion).toBe(42);
});

test.each(pages)('$file numbers its panels once each', ({ page }) => {
  const ids = page.panels.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test.each(pages)('$file has no two panels in one place, and none off the page', ({ page }) => {
  const overlapping = page.panels.flatMap((one, index) =>
    page.panels
      .slice(index + 1)
      .filter((other) => overlap(one.gridPos, other.gridPos))
      .map((other) => `${one.title} / ${other.title}`),
  );
  expect(overlapping).toEqual([]);
  for (const { gridPos } of page.panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    expect(Math.min(gridPos.x, gridPos.y, gridPos.w - 1, gridPos.h - 1)).toBeGreaterThanOrEqual(0);
  }
});

test.each(pages)('$file leaves no hole in its lines', ({ page }) => {
  const widths = new Map<number, number>();
  for (const { gridPos } of page.panels) {
    widths.set(gridPos.y, (widths.get(gridPos.y) ?? 0) + gridPos.w);
  }
  expect([...widths.values()].filter((width) => width !== 24)).toEqual([]);
});

test.each(shown)('$file, "$title" has a title and says what one sees', ({ panel }) => {
  expect(panel.title).not.toBe('');
  expect(panel.description?.length ?? 0).toBeGreaterThan(20);
});

test.each(queried)('$file, "$title" has a unit and a data source that is there', ({ panel }) => {
  const unit = panel.fieldConfig?.defaults.unit ?? heatmapUnit(panel.options);
  expect(unit).toBeTruthy();
  expect(uids).toContain(panel.datasource?.uid);
  expect(panel.targets?.length).toBeGreaterThan(0);
  for (const { datasource } of panel.targets ?? []) expect(uids).toContain(datasource?.uid);
});

test.each(queried)('$file, "$title" tells its queries apart', ({ panel }) => {
  const refIds = panel.targets?.map(({ refId }) => refId) ?? [];
  expect(new Set(refIds).size).toBe(refIds.length);
});

test.each(shown.filter(({ panel }) => panel.type === 'heatmap'))(
  '$file, "$title" asks for buckets as a heatmap wants them',
  ({ panel }) => {
    expect(panel.options?.calculate).toBe(false);
    for (const target of panel.targets ?? []) {
      expect(target).toMatchObject({ format: 'heatmap', legendFormat: '{{le}}', instant: false });
      expect(target.expr).toMatch(/^sum by \(le\)/);
    }
  },
);

test.each(queried)('$file, "$title" asks for exemplars of buckets only', ({ panel }) => {
  for (const { exemplar, expr, instant } of panel.targets ?? []) {
    if (exemplar) expect({ expr, instant }).toMatchObject({ expr: /_bucket/, instant: false });
  }
});

test.each(pages)('$file links to pages and data sources that are there', ({ page }) => {
  for (const { url } of page.links) {
    const { pathname, searchParams } = new URL(url, 'http://grafana');
    if (pathname.startsWith('/d/')) {
      expect(pages.map((other) => `/d/${other.page.uid}`)).toContain(pathname);
    } else {
      expect(pathname).toBe('/explore');
      const panes = JSON.parse(searchParams.get('panes') ?? '') as Record<
        string,
        { datasource: string; queries: { datasource: { uid: string } }[] }
      >;
      for (const { datasource, queries } of Object.values(panes)) {
        expect(uids).toContain(datasource);
        for (const query of queries) expect(query.datasource.uid).toBe(datasource);
      }
    }
  }
});

test.each(pages)('$file draws annotations into panels that are there', ({ page }) => {
  const timeSeries = page.panels.filter(({ type }) => /timeseries|heatmap/.test(type));
  for (const { filter, datasource } of page.annotations.list ?? []) {
    expect(uids).toContain(datasource.uid);
    expect(filter?.ids.length).toBeGreaterThan(0);
    expect(timeSeries.map(({ id }) => id)).toEqual(
      expect.arrayContaining([...(filter?.ids ?? [])]),
    );
  }
});

test('the panels that runbooks name are on the first page', () => {
  const titles = pages
    .find(({ page }) => page.uid === 'aftershock')
    ?.page.panels.map(({ title }) => title);
  const named = rules().flatMap(({ annotations }) =>
    [...(annotations?.runbook ?? '').matchAll(/panel "([^"]+)"/g)].map(([, title]) => title),
  );
  expect(named.length).toBeGreaterThan(0);
  for (const title of named) expect(titles).toContain(title);
});

test('nothing is loaded from elsewhere', () => {
  const texts = [...committedDashboards().values()].join('\n');
  expect(texts.match(/https?:\/\/[^\s"\\]+/g) ?? []).toEqual([]);
});

function overlap(a: GridPosition, b: GridPosition): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

function heatmapUnit(options: Readonly<Record<string, unknown>> | undefined): unknown {
  return (options?.yAxis as { unit?: string } | undefined)?.unit;
}
