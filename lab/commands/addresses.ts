import type { Mesh } from '../../mesh/mesh.ts';
import type { Stage } from '../launch/stage.ts';
import { entryRoute } from '../load/entryRoute.ts';

/** The article's example, as a trace to look for. */
const exampleTraceId = '4bf92f3577b34da6a3ce929d0e0e4736';

/** Where everything is, and lines to try in another terminal. */
export function addressLines(mesh: Mesh, stage: Stage): string[] {
  const services = [...stage.services.values()].toReversed();
  const width = Math.max(...services.map(({ name }) => name.length), 'collector'.length);
  const urlWidth = Math.max(...services.map(({ url }) => url.length));
  const entry = stage.service(mesh.entry);
  const path = entryRoute(mesh).replace('{id}', '42');
  const pause = mesh.pauses[0];
  const paused = stage.service(pause?.service ?? mesh.entry);
  return [
    ...services.map(
      ({ name, url, adminUrl }) =>
        `  ${name.padEnd(width)}  ${url.padEnd(urlWidth)}  admin ${adminUrl}`,
    ),
    `  ${'collector'.padEnd(width)}  ${stage.collector.otlpUrl.padEnd(urlWidth)}  query ${stage.collector.queryUrl}`,
    '',
    'To try in another terminal:',
    '  # a request, in a trace of your own',
    `  curl ${entry.url}${path} -H 'traceparent: 00-${exampleTraceId}-00f067aa0ba902b7-01'`,
    '  # a second later: that trace',
    `  curl ${stage.collector.queryUrl}/api/v3/traces/${exampleTraceId}`,
    `  # a pause of 500 ms in ${paused.name}, now`,
    `  curl ${paused.adminUrl}/pauses -H 'content-type: application/json' ` +
      `-d '{"kind":"block","durationMs":500,"phase":"poll"}'`,
  ];
}
