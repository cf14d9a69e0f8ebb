import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stage } from '../../lab/launch/stage.ts';
import { meshToJson } from '../../mesh/print.ts';
import { readMesh } from '../../mesh/read.ts';

export interface ExampleMesh {
  readonly stage: Stage;
  /** For the tests in docs/examples/mesh. */
  readonly env: { readonly GATEWAY_URL: string; readonly TRACES_URL: string };
  /** Resolves once all processes have ended and their files are gone. */
  stop(): Promise<void>;
}

/** Starts the mesh of mesh/chain.yaml and its collector on free ports. */
export async function startExampleMesh(options: {
  readonly signal: AbortSignal;
  readonly onDeath: (sentence: string) => void;
}): Promise<ExampleMesh> {
  const directory = mkdtempSync(join(tmpdir(), 'aftershock-example-'));
  const remove = () => rmSync(directory, { recursive: true });
  try {
    const mesh = readMesh('mesh/chain.yaml');
    const meshFile = join(directory, 'mesh.json');
    writeFileSync(meshFile, meshToJson(mesh));
    const names = ['otlp', 'query', ...Object.keys(mesh.services)];
    const stage = await Stage.start(
      {
        mesh,
        meshFile,
        directory,
        ports: Object.fromEntries(names.map((name) => [name, 0])),
        // Spans leave soon, so that a test is short; nothing else depends on it.
        env: { OTEL_BSP_SCHEDULE_DELAY: '100', AFTERSHOCK_ATTRIBUTION: 'on' },
        withLoad: false,
        say: () => {},
        onDeath: options.onDeath,
      },
      options.signal,
    );
    return {
      stage,
      env: { GATEWAY_URL: stage.service('gateway').url, TRACES_URL: stage.collector.queryUrl },
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
