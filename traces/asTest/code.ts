import { printable } from '../textWidth.ts';

const lineWidth = 100;

/**
 * A value as code of JavaScript: texts, numbers, booleans, regular expressions, lists and plain
 * objects; what is undefined in an object is left out. Whatever a text holds, its literal is that
 * text and nothing more: no control or format character stands in the code as it is.
 */
export function code(value: unknown, indent = 0, before = 0): string {
  const line = inOneLine(value);
  if (indent + before + line.length <= lineWidth || !isCompound(value)) return line;
  const inner = ' '.repeat(indent + 2);
  const parts = Array.isArray(value)
    ? value.map((each) => `${inner}${code(each, indent + 2, 1)},`)
    : entries(value).map(([key, each]) => {
        const name = `${keyCode(key)}: `;
        return `${inner}${name}${code(each, indent + 2, name.length + 1)},`;
      });
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return [open, ...parts, `${' '.repeat(indent)}${close}`].join('\n');
}

/** A text as a literal, in single quotes where that needs no escapes. */
export function literal(text: string): string {
  const escaped = JSON.stringify(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu, (char) =>
    [...Array(char.length).keys()]
      .map((i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`)
      .join(''),
  );
  if (text.includes("'")) return escaped;
  return `'${escaped.slice(1, -1).replaceAll('\\"', '"')}'`;
}

/** A text in a comment that ends with its line. */
export function comment(text: string): string {
  return printable(text);
}

function inOneLine(value: unknown): string {
  if (typeof value === 'string') return literal(value);
  if (Array.isArray(value)) return `[${value.map(inOneLine).join(', ')}]`;
  if (!isCompound(value)) return String(value);
  const parts = entries(value).map(([key, each]) => `${keyCode(key)}: ${inOneLine(each)}`);
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

function isCompound(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof RegExp);
}

function entries(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, each]) => each !== undefined);
}

function keyCode(key: string): string {
  // As `__proto__: …` it would set the prototype.
  if (key === '__proto__') return "['__proto__']";
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : literal(key);
}
