import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildResult, build, type Plugin } from 'esbuild';
import type { Program } from './mesh/mesh.ts';

const programs: readonly Program[] = ['gateway', 'auth', 'user', 'relay'];

/**
 * What is imported but never used, and dear to load: sdk-node brings exporters for every signal and
 * protocol; axios brings adapters for browsers (looking for `fetch` makes Node load undici), HTTP/2
 * and forms; iconv-lite, which reads request bodies, brings tables of East Asian character sets.
 */
const unused: readonly { readonly importer: RegExp; readonly path: RegExp }[] = [
  {
    importer: /@opentelemetry\/sdk-node/,
    path: /^@opentelemetry\/(exporter-(logs|metrics)-.+|exporter-trace-otlp-(grpc|proto)|exporter-(zipkin|prometheus)|propagator-b3|configuration)$/,
  },
  { importer: /node_modules\/axios\//, path: /^(http2|form-data|\.\/(fetch|xhr)\.js)$/ },
  { importer: /node_modules\/iconv-lite\//, path: /^\.\/tables\// },
];

const leaveOutUnused: Plugin = {
  name: 'leave-out-unused',
  setup({ onResolve, onLoad }) {
    for (const { importer, path } of unused) {
      onResolve({ filter: path }, (found) =>
        importer.test(found.importer) ? { path: found.path, namespace: 'unused' } : null,
      );
    }
    onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {}' }));
    // It copies all of `buffer`, and touching `buffer.File` makes Node load undici.
    onResolve({ filter: /^safer-buffer$/ }, () => ({ path: 'buffer', external: true }));
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
        entryPoints: [join(import.meta.dirname, `services/${name}.ts`)],
        outfile: join(folder, `${name}.js`),
        bundle: true,
        minify: true,
        sourcemap: true,
        metafile: true,
        platform: 'node',
        target: 'node24',
        format: 'cjs',
        define: { 'import.meta.main': 'true' },
        plugins: [leaveOutUnused],
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
