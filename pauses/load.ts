import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PauseStrategy } from './strategy.ts';

// Loaded when first asked for: a service that never pauses pays nothing for them.
const builtIn: Readonly<Record<string, () => Promise<{ default: unknown }>>> = {
  gc: () => import('./strategies/gc.ts'),
  block: () => import('./strategies/block.ts'),
  freeze: () => import('./strategies/freeze.ts'),
  delay: () => import('./strategies/delay.ts'),
};

const MODULE_PATH = /[/\\]|\.[cm]?[jt]s$/;

/**
 * The strategy called `kind`: one of the built-in names, or the path of a module whose default
 * export makes one. A relative path starts from `folder`, the mesh file's own.
 * @throws {RangeError} for a name that there is none of.
 * @throws {TypeError} for a module that is missing, fails to load, or exports something else.
 */
export async function loadStrategy(kind: string, folder: string): Promise<PauseStrategy> {
  const load = Object.hasOwn(builtIn, kind) ? builtIn[kind] : undefined;
  if (load) return make(await load(), kind);
  if (!MODULE_PATH.test(kind)) {
    throw new RangeError(
      `There is no pause kind "${kind}": use ${Object.keys(builtIn).join(', ')}, ` +
        'or the path of a module such as ./my-pause.ts',
    );
  }
  const file = resolve(folder, kind);
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(file).href);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`Cannot load the pause strategy ${file}: ${reason}`, { cause });
  }
  return make(module, file);
}

async function make(module: { default?: unknown }, where: string): Promise<PauseStrategy> {
  const factory = module.default;
  const strategy = typeof factory === 'function' ? await factory() : undefined;
  const missing = (['prepare', 'strike', 'stop'] as const).filter(
    (method) => typeof strategy?.[method] !== 'function',
  );
  if (typeof strategy?.kind !== 'string' || missing.length > 0) {
    throw new TypeError(
      `${where} is no pause strategy: its default export must be a function that returns ` +
        '{ kind: string, prepare(durationMs), strike(durationMs), stop() }; ' +
        (typeof factory === 'function'
          ? `what it returned lacks ${[...(typeof strategy?.kind === 'string' ? [] : ['kind']), ...missing].join(', ')}`
          : `its default export is of type ${typeof factory}`),
    );
  }
  return strategy as PauseStrategy;
}
