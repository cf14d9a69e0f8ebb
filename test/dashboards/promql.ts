import { parser } from '@prometheus-io/lezer-promql';

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

/** Grafana's variables as it fills them in for five minutes, a sample each 5 s and all services. */
const variables: Readonly<Record<string, string>> = {
  __rate_interval: '20s',
  __interval: '5s',
  __range: '5m',
  service: '.+',
};

/**
 * PromQL as Grafana sends it.
 * @throws {Error} if it names a variable that no dashboard has.
 */
export function filledIn(expr: string): string {
  return expr.replaceAll(/\$(?:\{(\w+)(?::\w+)?\}|(\w+))/g, (text, braced, plain) => {
    const value = variables[braced ?? plain];
    if (value === undefined) throw new Error(`No dashboard has the variable ${text}: ${expr}`);
    return value;
  });
}

/** Positions at which the text is not PromQL; none if it is. */
export function syntaxErrors(expr: string): readonly string[] {
  const errors: string[] = [];
  parser.parse(expr).iterate({
    enter(node) {
      if (node.type.isError) {
        errors.push(`at ${node.from}: "${expr.slice(node.from, node.from + 20)}"`);
      }
    },
  });
  return errors;
}

/** Names of metrics that an expression selects; a regular expression over names stays one, in `/…/`. */
export function metricNames(expr: string): ReadonlySet<string> {
  const names = new Set<string>();
  parser.parse(expr).iterate({
    enter({ name, node, from, to }) {
      if (name === 'VectorSelector') {
        const identifier = node.getChild('Identifier');
        if (identifier !== null) names.add(expr.slice(identifier.from, identifier.to));
      }
      const matcher = name === 'UnquotedLabelMatcher' ? expr.slice(from, to) : '';
      const [, operator, value] = /^__name__\s*(=~?)\s*"(.*)"$/.exec(matcher) ?? [];
      if (value !== undefined) names.add(operator === '=' ? value : `/${value}/`);
    },
  });
  return names;
}

/**
 * What an expression compares or combines, down to what must have data even when all is well: an
 * alert's own expression has none then. Numbers are left out.
 */
export function comparedParts(expr: string): readonly string[] {
  const filters = new Set(['Gtr', 'Gte', 'Lss', 'Lte', 'Eql', 'Neq', 'And', 'Unless']);
  const parts: string[] = [];
  function walk(node: SyntaxNode): void {
    const [first, second] = [node.firstChild, node.lastChild];
    const operators = [...filters].filter((name) => node.getChild(name) !== null);
    if (node.name === 'PromQL' || node.name === 'ParenExpr') {
      for (let child = first; child !== null; child = child.nextSibling) walk(child);
    } else if (node.name === 'BinaryExpr' && operators.length > 0 && first && second) {
      walk(first);
      walk(second);
    } else if (node.name === 'FunctionCall' && /^absent/.test(expr.slice(node.from, node.to))) {
      const argument = node.getChild('FunctionCallBody')?.firstChild;
      if (argument) walk(argument);
    } else if (!/Number|Literal/.test(node.name) && !node.type.isAnonymous) {
      parts.push(expr.slice(node.from, node.to));
    }
  }
  walk(parser.parse(expr).topNode);
  return parts;
}
