import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stage } from '../../lab/launch/stage.ts';
import { meshToJson } from '../../mesh/print.ts';
import { readMesh } from '../../mesh/read.ts';

export interface FlakesMesh {
  readonly stage: Stage;
  /** For the tests: where everything is. */
  readonly env: Readonly<Record<'GATEWAY_URL' | 'TRACES_URL' | 'MESH_URLS' | 'ADMIN_URLS', string>>;
  /** Every span that was stored, as OTLP JSON lines; gone after {@link stop}. */
  readonly tracesFile: string;
  /** Resolves once all processes have ended and their files are gone. */
  stop(): Promise<void>;
}

/** Starts the mesh of mesh.yaml, beside this file, and its collector on free ports. */
export async function startFlakesMesh(options: {
  readonly signal: AbortSignal;
  readonly onDeath: (sentence: string) => void;
}): Promise<FlakesMesh> {
  const directory = mkdtempSync(join(tmpdir(), 'aftershock-flakes-'));
  const remove = () => rmSync(directory, { recursive: true });
  try {
    const mesh = readMesh('test/flakes/mesh.yaml');
    const meshFile = join(directory, 'mesh.json');
    writeFileSync(meshFile, meshToJson(mesh));
    const names = ['otlp', 'query', ...Object.keys(mesh.services)];
    const stage = await Stage.start(
      {
        mesh,
        meshFile,
        directory,
        ports: Object.fromEntries(names.map((name) => [name, 0])),
        env: {
          AFTERSHOCK_ATTRIBUTION: 'on',
          AFTERSHOCK_ENDED_SPANS: 'on',
          // Spans leave soon, so that a test is short; nothing else depends on it.
          OTEL_BSP_SCHEDULE_DELAY: '100',
        },
        withLoad: false,
        say: () => {},
        onDeath: options.onDeath,
      },
      options.signal,
    );
    const urls = (of: 'url' | 'adminUrl') =>
      JSON.stringify(Object.fromEntries([...stage.services].map(([name, at]) => [name, at[of]])));
    return {
      stage,
      env: {
        GATEWAY_URL: stage.service('gateway').url,
        TRACES_URL: stage.collector.queryUrl,
        MESH_URLS: urls('url'),
        ADMIN_URLS: urls('adminUrl'),
      },
      tracesFile: join(directory, 'traces.ndjson'),
      async stop() {
        await stage.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}
