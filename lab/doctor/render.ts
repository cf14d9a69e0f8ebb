import type { Paint } from '../report/textTable.ts';
import { wrap } from '../report/wrap.ts';
import type { Diagnosis, Finding, Stage, StageState } from './stage.ts';

const signs: Record<StageState, readonly [sign: string, style: 'green' | 'red' | 'dim']> = {
  ok: ['✓', 'green'],
  wrong: ['✗', 'red'],
  skipped: ['–', 'dim'],
};

/** A diagnosis for a terminal: a line a stage, and a paragraph on the first that is wrong. */
export function renderDiagnosis(
  { stages, firstWrong }: Diagnosis,
  paint: Paint,
  widthColumns: number,
): string {
  const nameWidth = Math.max(...stages.map(({ name }) => name.length));
  const atWidth = Math.max(...stages.map(({ at }) => at.length));
  const lines = stages.flatMap((stage) => {
    const indent = 2 + 2 + nameWidth + 2 + atWidth + 2;
    const seen = wrap(stage.seen, Math.max(30, widthColumns - indent));
    return seen.map((text, index) =>
      index === 0
        ? `  ${stageHead(stage, nameWidth, paint)}  ${paint('dim', stage.at.padEnd(atWidth))}  ${seenText(stage, text, paint)}`
        : `${' '.repeat(indent)}${seenText(stage, text, paint)}`,
    );
  });
  const blocks = [lines.map((line) => line.trimEnd()).join('\n')];
  if (firstWrong?.finding !== undefined) {
    blocks.push(paragraph(firstWrong, firstWrong.finding, paint, widthColumns));
  } else if (firstWrong === null) blocks.push(`  ${paint('green', 'All is well.')}`);
  const more = stages.filter(({ state }) => state === 'wrong').length - 1;
  if (more > 0) {
    blocks.push(
      `  ${more} more ${more === 1 ? 'stage is' : 'stages are'} wrong: --json explains each.`,
    );
  }
  return `${blocks.join('\n\n')}\n`;
}

function stageHead({ state, name }: Stage, width: number, paint: Paint): string {
  const [sign, style] = signs[state];
  const padded = name.padEnd(width);
  return `${paint(style, sign)} ${state === 'skipped' ? paint('dim', padded) : padded}`;
}

function seenText({ state }: Stage, text: string, paint: Paint): string {
  if (state === 'ok') return text;
  return paint(state === 'wrong' ? 'red' : 'dim', text);
}

function paragraph(stage: Stage, finding: Finding, paint: Paint, widthColumns: number): string {
  const rows = [
    ['expected', finding.expected],
    ['came', finding.came],
    ['to do', finding.todo],
  ] as const;
  const title = `${stage.name.replace(/^[\s↳]+/, '')}: ${finding.title ?? stage.seen}`;
  return [
    ...wrap(title, widthColumns - 2).map((line) => `  ${paint('bold', line)}`),
    ...rows.flatMap(([label, text]) =>
      wrap(text, Math.max(30, widthColumns - 14)).map(
        (line, index) => `    ${paint('dim', (index === 0 ? label : '').padEnd(8))}  ${line}`,
      ),
    ),
  ].join('\n');
}
