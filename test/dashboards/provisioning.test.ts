import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as used from '../../dashboards/grafana/dataSources.ts';
import { dashboardProviders, provisionedDataSources } from './provisioned.ts';

const sources = provisionedDataSources();
const uids = sources.map(({ uid }) => uid);
const ini = readFileSync(new URL('../../dashboards/grafana/grafana.ini', import.meta.url), 'utf8');

test('each data source that the dashboards use is provisioned, with the same uid and type', () => {
  for (const source of Object.values(used)) {
    expect(sources.map(({ uid, type }) => ({ uid, type }))).toContainEqual(source);
  }
  expect(new Set(uids).size).toBe(uids.length);
});

test.each(sources)('$name points only to data sources that are provisioned', ({ jsonData }) => {
  const targets = JSON.stringify(jsonData ?? {}).matchAll(/"datasourceUid":"([^"]*)"/g);
  for (const [, uid] of targets) expect(uids).toContain(uid);
});

test.each(sources)('$name escapes the variables of Grafana', ({ name }) => {
  const file = '../../dashboards/grafana/provisioning/datasources/aftershock.yaml';
  const text = readFileSync(new URL(file, import.meta.url), 'utf8').replaceAll(/#.*/g, '');
  // A single dollar would be read as an environment variable, and be empty.
  expect(text.replaceAll('$$', '').includes('$'), name).toBe(false);
});

test('an exemplar leads to its trace, a span to its logs and metrics, a log line to its trace', () => {
  const settings = Object.fromEntries(sources.map(({ uid, jsonData }) => [uid, jsonData]));
  expect(settings).toMatchObject({
    prometheus: { exemplarTraceIdDestinations: [{ name: 'trace_id', datasourceUid: 'jaeger' }] },
    jaeger: {
      tracesToLogsV2: { datasourceUid: 'loki' },
      tracesToMetrics: { datasourceUid: 'prometheus' },
    },
    loki: { derivedFields: [{ matcherRegex: 'trace_id', datasourceUid: 'jaeger' }] },
  });
});

test('the dashboards are read from the folder whose first page is the home page', () => {
  const [provider] = dashboardProviders();
  expect(provider).toMatchObject({ type: 'file', allowUiUpdates: false });
  expect(ini).toContain(`default_home_dashboard_path = ${provider?.options.path}/aftershock.json`);
});

test.each([
  ['preinstall_disabled', 'true'],
  ['preinstall_auto_update', 'false'],
  ['check_for_updates', 'false'],
  ['check_for_plugin_updates', 'false'],
  ['reporting_enabled', 'false'],
  ['news_feed_enabled', 'false'],
  ['disable_gravatar', 'true'],
])('Grafana asks nobody outside: %s = %s', (key, value) => {
  expect(ini).toMatch(new RegExp(`^${key} = ${value}$`, 'm'));
});
