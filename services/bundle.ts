import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildResult, build, type Plugin } from 'esbuild';
import type { Program } from '../mesh/mesh.ts';

const programs: readonly Program[] = ['gateway', 'auth', 'user', 'relay'];

/** What sdk-node would load for signals and protocols that a service never uses. */
const unused =
  /^@opentelemetry\/(exporter-(logs|metrics)-.+|exporter-trace-otlp-(grpc|proto)|exporter-(zipkin|prometheus)|otlp-grpc-exporter-base|propagator-b3|configuration)$/;

const leaveOut: Plugin = {
  name: 'leave-out-unused-exporters',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: unused }, ({ path }) => ({ path, namespace: 'unused' }));
    onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {}' }));
  },
};

/**
 * Writes each program as one minified file, `<folder>/<program>.js`, with a source map beside it.
 * CommonJS starts a little sooner than an ES module of the same content.
 */
export async function bundleServices(folder: string, names = programs): Promise<BuildResult[]> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"type":"commonjs"}\n');
  return Promise.all(
    names.map((name) =>
      build({
        entryPoints: [join(import.meta.dirname, `${name}.ts`)],
        outfile: join(folder, `${name}.js`),
        bundle: true,
        minify: true,
        sourcemap: true,
        metafile: true,
        platform: 'node',
        target: 'node24',
        format: 'cjs',
        define: { 'import.meta.main': 'true' },
        plugins: [leaveOut],
        logLevel: 'warning',
      }),
    ),
  );
}

if (import.meta.main) {
  const folder = process.argv[2] ?? 'dist';
  await bundleServices(folder);
  console.log(`Bundled ${programs.join(', ')} into ${folder}/`);
}
