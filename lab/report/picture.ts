import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../analysis/analysis.ts';
import { terminalSvg } from './terminalSvg.ts';
import { renderText } from './text.ts';

/**
 * Draws the README's picture: what the terminal showed of a run, down to the latencies.
 * `npm run picture -- [folder of the run] [file]`
 */
const [folder = 'runs/latest', file = 'docs/run.svg'] = process.argv.slice(2);
const blocks = 4;

const result: Result = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'));
const shown = renderText(result, { color: true }).split('\n\n').slice(0, blocks).join('\n\n');
writeFileSync(file, terminalSvg(`$ npm start\n\n${shown}`));
console.log(`${file} shows ${folder}`);
