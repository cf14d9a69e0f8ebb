import type { Result } from '../analysis/analysis.ts';

export interface TextOptions {
  /** Whether the terminal takes colours. */
  readonly color: boolean;
}

/** The terminal output of a run: at most 100 columns wide. */
export function renderText(result: Result, _options: TextOptions): string {
  return `${result.analysis.groups
    .map(({ pauses, service, victims }) => `${pauses} pauses in ${service}: ${victims} victims`)
    .join('\n')}\n`;
}
