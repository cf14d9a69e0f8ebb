import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { type BuildOptions, type BuildResult, build, type Plugin } from 'esbuild';
import type { Program } from './mesh/mesh.ts';

const root = import.meta.dirname;

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
 * axios looks for the global `FormData`, for forms, which no service sends; at the mention of it Node
 * loads undici, which is a tenth of a start.
 * @throws {Error} if this version of axios looks for it elsewhere.
 */
function withoutForms(path: string, text: string): string {
  if (!path.endsWith('/axios/lib/utils.js')) return text;
  const changed = text.replaceAll('G.FormData', 'undefined');
  if (changed === text) throw new Error(`${path} does not look for G.FormData: see bundle.ts`);
  return changed;
}

/**
 * Maps a package's file to its first line only, which leaves a fifth of the source map. At the first
 * stack trace Node decodes the whole map, and pino takes one while a service starts: 20 ms in place
 * of 150.
 */
const mapOwnSourcesOnly: Plugin = {
  name: 'map-own-sources-only',
  setup({ onLoad }) {
    const firstLine = Buffer.from('{"version":3,"sources":[""],"mappings":"AAAA"}').toString(
      'base64',
    );
    onLoad({ filter: /\/node_modules\/.+\.[cm]?js$/ }, async ({ path }) => ({
      contents:
        `${withoutForms(path, await readFile(path, 'utf8'))}\n` +
        `//# sourceMappingURL=data:application/json;base64,${firstLine}`,
      loader: 'js',
    }));
  },
};

/** What every bundle has in common. Minified, but stack traces keep names and, by the map, lines. */
const common = {
  bundle: true,
  minify: true,
  sourcemap: true,
  // For lines alone; Node reads the map whenever it loads the file.
  sourcesContent: false,
  metafile: true,
  platform: 'node',
  target: 'node24',
  plugins: [leaveOutUnused, mapOwnSourcesOnly],
  logLevel: 'warning',
} satisfies BuildOptions;

/**
 * Writes each program as one minified file, `<folder>/<program>.js`, with a source map beside it.
 * CommonJS starts a little sooner than an ES module of the same content.
 */
export async function bundleServices(
  folder: string,
  names: readonly string[] = programs,
): Promise<BuildResult[]> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"type":"commonjs"}\n');
  return Promise.all(
    names.map((name) =>
      build({
        ...common,
        entryPoints: [join(root, `services/${name}.ts`)],
        outfile: join(folder, `${name}.js`),
        format: 'cjs',
        define: { 'import.meta.main': 'true' },
      }),
    ),
  );
}

/** What the image runs besides: while it is made, and to ask after the services' health. */
const imagePrograms = ['image/warmUp', 'image/ready'] as const;

/** The lab's programs: the command line, what it starts besides the services, its health check. */
const labPrograms = ['lab/main', 'lab/load/main', 'lab/arrived', 'collector/main'] as const;

/** What the lab reads at run time. */
const labFiles = [
  'lab/report/page.css',
  'lab/report/page.js',
  'node_modules/uplot',
  'mesh',
] as const;

/**
 * Writes all that the images hold into `folder`, each program at its own place in the tree:
 * `<folder>/lab/main.js` is the command line, and finds the rest from there.
 */
export async function bundleAll(folder: string): Promise<BuildResult[]> {
  await Promise.all(
    labFiles.map((path) => cp(join(root, path), join(folder, path), { recursive: true })),
  );
  const lab = labPrograms.map((name) =>
    build({
      ...common,
      entryPoints: [join(root, `${name}.ts`)],
      outfile: join(folder, `${name}.js`),
      // The lab awaits at its top level, which CommonJS cannot.
      format: 'esm',
      define: { 'import.meta.main': 'true' },
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
      plugins: [...common.plugins, keepPlace(dirname(name))],
    }),
  );
  const services = bundleServices(join(folder, 'services'), [...programs, ...imagePrograms]);
  const results = await Promise.all([...lab, services]);
  await writeFile(join(folder, 'package.json'), '{"type":"module"}\n');
  return results.flat();
}

/** Lets each module of the lab look for files from its own place in the tree, not the bundle's. */
function keepPlace(bundleFolder: string): Plugin {
  return {
    name: 'keep-place',
    setup({ onLoad }) {
      onLoad({ filter: /\/lab\/.+\.ts$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        if (!source.includes('import.meta.url')) return null;
        const place = relative(join(root, bundleFolder), path).replace(/\.ts$/, '.js');
        const url = `new URL(${JSON.stringify(place)}, import.meta.url).href`;
        return { contents: source.replaceAll('import.meta.url', url), loader: 'ts' };
      });
    },
  };
}

if (import.meta.main) {
  const folder = process.argv[2] ?? 'dist';
  await bundleAll(folder);
  console.log(`Bundled ${[...labPrograms, ...programs].join(', ')} into ${folder}/`);
}
