import { type Command, Option } from 'commander';
import type { Outside } from '../launch/outside.ts';
import { httpUrl } from './urlOption.ts';
import { UsageError } from './usageError.ts';

export interface OutsideOptions {
  readonly collector?: string;
  readonly query?: string;
}

/** Adds the options that put a collector and a store outside in place of the embedded collector. */
export function addOutsideOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--collector <url>',
        'export there instead of starting a collector: base URL of OTLP over HTTP ' +
          '(default: AFTERSHOCK_COLLECTOR)',
      ).argParser(httpUrl),
    )
    .addOption(
      new Option(
        '--query <url>',
        'read the traces back from there: base URL of a Jaeger (default: AFTERSHOCK_QUERY)',
      ).argParser(httpUrl),
    );
}

/**
 * What the options and the environment say; null: the embedded collector.
 * @throws {UsageError} if only one of both is there.
 */
export function outsideFromOptions(
  options: OutsideOptions,
  env: NodeJS.ProcessEnv,
): Outside | null {
  const collectorUrl = options.collector ?? urlFrom(env, 'AFTERSHOCK_COLLECTOR');
  const queryUrl = options.query ?? urlFrom(env, 'AFTERSHOCK_QUERY');
  if (collectorUrl === undefined && queryUrl === undefined) return null;
  if (collectorUrl === undefined || queryUrl === undefined) {
    const [given, missing] =
      collectorUrl === undefined ? ['--query', '--collector'] : ['--collector', '--query'];
    throw new UsageError(
      `${given} is set (or its environment variable) but ${missing} is not: an experiment needs ` +
        'both, one to export to and one to read from; or neither, for the embedded collector',
    );
  }
  return { collectorUrl, queryUrl };
}

/** A variable that is empty counts as unset. @throws {UsageError} if it is no URL. */
export function urlFrom(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const text = env[name];
  if (!text) return undefined;
  try {
    return httpUrl(text);
  } catch (error) {
    throw new UsageError(`${name}=${text}: ${(error as Error).message}`);
  }
}
