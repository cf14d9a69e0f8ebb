/** A fenced block of a page in Markdown. */
export interface CodeBlock {
  readonly language: string;
  /** From a first line such as `// shop.test.ts`, which is then no part of the text. */
  readonly name: string | null;
  readonly text: string;
}

export function codeBlocks(markdown: string): CodeBlock[] {
  const fences = /^```(\w+)\n(?:\/\/ (\S+\.ts)\n)?(.*?)^```$/gms;
  return [...markdown.matchAll(fences)].map(([, language = '', name = null, text = '']) => ({
    language,
    name,
    text,
  }));
}
