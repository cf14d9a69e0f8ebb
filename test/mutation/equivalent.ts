// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are code, quoted.

/** Mutants of one line that no test here kills, and why that is right. */
export interface Survivors {
  /** The line where the mutated code begins, without the space around it. */
  readonly line: string;
  /** As `npm run mutation` prints them: mutator, the code, what it is replaced by. */
  readonly mutants: readonly string[];
  readonly why: string;
}

/** By file. */
export const equivalent: Readonly<Record<string, readonly Survivors[]>> = {
  'traces/blame.ts': [
    {
      line: 'if (evidence === undefined) {',
      mutants: ['ConditionalExpression: evidence === undefined → true'],
      why: 'Keeps what was found of a span, so that it is looked for once.',
    },
    {
      line: 'if (node.children.length > 0) known.set(node, evidence);',
      mutants: [
        'ConditionalExpression: node.children.length > 0 → true',
        'ConditionalExpression: node.children.length > 0 → false',
        'EqualityOperator: node.children.length > 0 → node.children.length >= 0',
        'EqualityOperator: node.children.length > 0 → node.children.length <= 0',
        'CallExpression: known.set(node, evidence); → ;',
      ],
      why: 'Keeps what was found of a span, so that it is looked for once.',
    },
    {
      line: 'const waits = between.get(parent.spanId) ?? [];',
      mutants: ['ArrayDeclaration: [] → ["Stryker was here"]'],
      why: 'A text has no times, and union() leaves out what does not end after its start.',
    },
    {
      line: "add('retry', union(attempts.between.get(span.spanId) ?? []));",
      mutants: ['ArrayDeclaration: [] → ["Stryker was here"]'],
      why: 'A text has no times, and union() leaves out what does not end after its start.',
    },
    {
      line: "if (typeof waitMs !== 'number' || !(waitMs > 0)) return [];",
      mutants: ['ArrayDeclaration: [] → ["Stryker was here"]'],
      why: 'A text has no end, so none that is after the start of a section.',
    },
    {
      line: "if (typeof busyMs !== 'number' || !(busyMs > 0)) return [];",
      mutants: ['ArrayDeclaration: [] → ["Stryker was here"]'],
      why: 'A text has no end, so none that is after the start of a section.',
    },
    {
      line: 'if (answers.length === 0) return [];',
      mutants: ['ArrayDeclaration: [] → ["Stryker was here"]'],
      why: 'A text has no end, so none that is after the start of a section.',
    },
    {
      line: 'if (from === null || from > to) return [];',
      mutants: ['ArrayDeclaration: [] → ["Stryker was here"]'],
      why: 'A text has no end, so none that is after the start of a section.',
    },
    {
      line: 'const network: Interval[] = [];',
      mutants: ['ArrayDeclaration: [] → ["Stryker was here"]'],
      why: 'A text has no end, so none that is after the start of a section.',
    },
    {
      line: 'if (back > 0n) network.push({ startUnixNano: to, endUnixNano: to + back });',
      mutants: [
        'ConditionalExpression: back > 0n → true',
        'EqualityOperator: back > 0n → back >= 0n',
      ],
      why: 'Sections of the span that go on after `to` begin there or later: 0 or less after it takes nothing of them.',
    },
    {
      line: "return typeof ms === 'number' && ms > 0 && ms < Infinity ? BigInt(Math.round(ms * 1e6)) : 0n;",
      mutants: ['EqualityOperator: ms > 0 → ms >= 0'],
      why: 'Of 0 it is 0 either way.',
    },
    {
      line: '(nameOf(a) < nameOf(b) ? -1 : 1),',
      mutants: ['EqualityOperator: nameOf(a) < nameOf(b) → nameOf(a) <= nameOf(b)'],
      why: 'No two of them have one name.',
    },
    {
      line: 'if (pauses.length === 0) continue;',
      mutants: ['ConditionalExpression: pauses.length === 0 → false'],
      why: 'Saves an entry for spans without pauses: nothing is found of them either way.',
    },
    {
      line: 'if (retries.length === 0) return noEvidence;',
      mutants: ['ConditionalExpression: retries.length === 0 → false'],
      why: 'Saves two maps for traces without retries.',
    },
    {
      line: 'if (when.length > 0) found.push({ cause, when, service: of });',
      mutants: [
        'ConditionalExpression: when.length > 0 → true',
        'EqualityOperator: when.length > 0 → when.length >= 0',
      ],
      why: 'A cause at no time takes nothing of a section.',
    },
    {
      line: 'if (pauses.size > 0) {',
      mutants: [
        'ConditionalExpression: pauses.size > 0 → true',
        'EqualityOperator: pauses.size > 0 → pauses.size >= 0',
      ],
      why: 'Saves looking for pauses where there are none.',
    },
    {
      line: 'if (attempts !== noEvidence) {',
      mutants: ['ConditionalExpression: attempts !== noEvidence → true'],
      why: 'Saves looking for retries where there are none.',
    },
    {
      line: "if (typeof waitMs !== 'number' || !(waitMs > 0)) return [];",
      mutants: ['EqualityOperator: waitMs > 0 → waitMs >= 0'],
      why: 'A wait of 0 takes no time.',
    },
    {
      line: "if (typeof busyMs !== 'number' || !(busyMs > 0)) return [];",
      mutants: ['EqualityOperator: busyMs > 0 → busyMs >= 0'],
      why: 'Being busy for 0 ms takes no time.',
    },
    {
      line: 'const noEvidence: Attempts = { again: new Set(), between: new Map() };',
      mutants: ['ObjectLiteral: { again: new Set(), between: new Map() } → {}'],
      why: 'What is in it is not read: it is told apart as an object.',
    },
  ],
  'traces/criticalPath.ts': [
    {
      line: 'const nodes: SpanNode[] = [];',
      mutants: ['ArrayDeclaration: [] → ["Stryker was here"]'],
      why: 'It comes last, behind the node of the last section: nobody looks there.',
    },
    {
      line: 'if (prefer === undefined || last === undefined) return last;',
      mutants: ['ConditionalExpression: last === undefined → false'],
      why: 'With no child left there is none to compare, and none is given; the type does not know.',
    },
    {
      line: 'if (closeNano > 0n) return end - closeNano < cursor && from < cursor;',
      mutants: ['EqualityOperator: from < cursor → from <= cursor'],
      why: 'A child that begins at the cursor has nothing before it that could be charged.',
    },
    {
      line: 'if (inside.length > 1) inside.reverse().sort((a, b) => (a.to < b.to ? -1 : a.to > b.to ? 1 : 0));',
      mutants: [
        'ConditionalExpression: a.to > b.to → true',
        'ConditionalExpression: a.to > b.to → false',
        'EqualityOperator: a.to > b.to → a.to >= b.to',
        'EqualityOperator: a.to > b.to → a.to <= b.to',
      ],
      why: 'The sort of V8 asks only whether it is below 0; that 0 and 1 differ, the standard wants.',
    },
    {
      line: 'if (inside.length > 1) inside.reverse().sort((a, b) => (a.to < b.to ? -1 : a.to > b.to ? 1 : 0));',
      mutants: [
        'ConditionalExpression: inside.length > 1 → true',
        'EqualityOperator: inside.length > 1 → inside.length >= 1',
      ],
      why: 'Saves sorting what is one or none.',
    },
  ],
  'traces/duplicates.ts': [
    {
      line: 'if (a.endUnixNano !== b.endUnixNano) return a.endUnixNano > b.endUnixNano;',
      mutants: ['EqualityOperator: a.endUnixNano > b.endUnixNano → a.endUnixNano >= b.endUnixNano'],
      why: 'They are not equal here.',
    },
    {
      line: 'return difference === 0 ? text(a) > text(b) : difference > 0;',
      mutants: ['EqualityOperator: difference > 0 → difference >= 0'],
      why: 'It is not 0 here.',
    },
  ],
  'traces/interval.ts': [
    {
      line: '.sort((a, b) => (a.startUnixNano < b.startUnixNano ? -1 : 1));',
      mutants: [
        'EqualityOperator: a.startUnixNano < b.startUnixNano → a.startUnixNano <= b.startUnixNano',
      ],
      why: 'Which of two that start together is first does not matter.',
    },
    {
      line: 'if (other.startUnixNano >= interval.endUnixNano) break;',
      mutants: [
        'ConditionalExpression: other.startUnixNano >= interval.endUnixNano → false',
        'EqualityOperator: other.startUnixNano >= interval.endUnixNano → other.startUnixNano > interval.endUnixNano',
      ],
      why: 'Ends the loop early; what comes later has no length within the interval, and is left out below.',
    },
    {
      line: 'return a > b ? a : b;',
      mutants: ['EqualityOperator: a > b → a >= b'],
      why: 'Of two that are equal it is the same which is given.',
    },
    {
      line: 'return a < b ? a : b;',
      mutants: ['EqualityOperator: a < b → a <= b'],
      why: 'Of two that are equal it is the same which is given.',
    },
  ],
  'traces/pauseEvidence.ts': [
    {
      line: 'if (span.events.length === 0) return none;',
      mutants: ['ConditionalExpression: span.events.length === 0 → false'],
      why: 'Saves an array for most spans; the loop over no events gives an empty one, too.',
    },
    {
      line: "typeof lengthMs === 'number' && lengthMs > 0 ? BigInt(Math.round(lengthMs * 1e6)) : 0n;",
      mutants: ['EqualityOperator: lengthMs > 0 → lengthMs >= 0'],
      why: 'A length of 0 is 0 by the other way, too.',
    },
  ],
  'traces/retries.ts': [
    {
      line: "if (!children.some(({ span }) => span.kind === 'client' && isAttempt(span))) return [];",
      mutants: [
        "ConditionalExpression: !children.some(({ span }) => span.kind === 'client' && isAttempt(span)) → false",
        "ConditionalExpression: span.kind === 'client' && isAttempt(span) → true",
        "LogicalOperator: span.kind === 'client' && isAttempt(span) → span.kind === 'client' || isAttempt(span)",
        "ConditionalExpression: span.kind === 'client' → true",
      ],
      why: 'Saves grouping children where nothing failed; without a failure no group has attempts.',
    },
    {
      line: 'let counted = false;',
      mutants: ['BooleanLiteral: false → true'],
      why: 'The first span of a group follows none, so finish() sets it before it is read.',
    },
    {
      line: 'return hasFailed(span) || resendCount(span) > 0;',
      mutants: [
        'ConditionalExpression: hasFailed(span) || resendCount(span) > 0 → true',
        'EqualityOperator: resendCount(span) > 0 → resendCount(span) >= 0',
        'EqualityOperator: resendCount(span) > 0 → resendCount(span) <= 0',
      ],
      why: 'Saves grouping children where nothing failed; without a failure no group has attempts.',
    },
  ],
  'traces/settle.ts': [
    {
      line: 'for (const span of spans ?? []) {',
      mutants: ['ArrayDeclaration: [] → ["Stryker was here"]'],
      why: 'A text has no trace id, so it is left out like a span of another trace.',
    },
    {
      line: 'for (const spanId of trail) verdicts.set(spanId, verdict);',
      mutants: ['CallExpression: verdicts.set(spanId, verdict); → ;'],
      why: 'Saves going up from where the verdict is known.',
    },
  ],
  'traces/textWidth.ts': [
    {
      line: "const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });",
      mutants: ["ObjectLiteral: { granularity: 'grapheme' } → {}"],
      why: 'Graphemes are what a segmenter gives unless told otherwise.',
    },
  ],
  'traces/trace.ts': [
    {
      line: 'this.#path ??= root === null ? { sections: [], nodes: [] } : pathWithNodes(root.node);',
      mutants: ['ArrayDeclaration: [] → ["Stryker was here"]'],
      why: 'It is of `nodes`: without a section nobody looks for its node. Of `sections` it is killed.',
    },
    {
      line: '.filter(({ startUnixNano, endUnixNano }) => startUnixNano <= endUnixNano);',
      mutants: ['EqualityOperator: startUnixNano <= endUnixNano → startUnixNano < endUnixNano'],
      why: 'A child of no length takes none of the time, and runs beside no other.',
    },
    {
      line: 'if (node.children.length === 0) continue;',
      mutants: ['ConditionalExpression: node.children.length === 0 → false'],
      why: 'Saves looking below spans without children: nothing is found there.',
    },
    {
      line: 'return endUnixNano > startUnixNano ? endUnixNano - startUnixNano : 0n;',
      mutants: ['EqualityOperator: endUnixNano > startUnixNano → endUnixNano >= startUnixNano'],
      why: 'The difference of equal times is 0, too.',
    },
    {
      line: 'if (tree.duplicates.length > 0) tree = spanTree(fullestFirst(spans));',
      mutants: [
        'ConditionalExpression: tree.duplicates.length > 0 → true',
        'EqualityOperator: tree.duplicates.length > 0 → tree.duplicates.length >= 0',
      ],
      why: 'Saves a second tree: without duplicates it is the same one.',
    },
  ],
  'traces/tree.ts': [
    {
      line: 'starts.push(cycle.reduce((a, b) => (compareSpans(b, a) < 0 ? b : a)));',
      mutants: ['EqualityOperator: compareSpans(b, a) < 0 → compareSpans(b, a) <= 0'],
      why: 'No two spans of a cycle are the same.',
    },
    {
      line: 'if (countBelow(roots) < nodes.size) {',
      mutants: [
        'ConditionalExpression: countBelow(roots) < nodes.size → true',
        'EqualityOperator: countBelow(roots) < nodes.size → countBelow(roots) <= nodes.size',
      ],
      why: 'Saves looking for cycles where every span is below a root.',
    },
    {
      line: 'for (const { children } of nodes.values()) if (children.length > 1) children.sort(byStart);',
      mutants: [
        'ConditionalExpression: children.length > 1 → true',
        'EqualityOperator: children.length > 1 → children.length >= 1',
      ],
      why: 'Saves sorting what is one or none.',
    },
    {
      line: 'const reached = [...roots];',
      mutants: ['ArrayDeclaration: [...roots] → []'],
      why: 'What is counted too low costs a search for cycles; none is found where every span is below a root.',
    },
    {
      line: 'for (let i = 0; i < reached.length; i++) {',
      mutants: [
        'ConditionalExpression: i < reached.length → false',
        'BlockStatement: { for (const child of (reached[i] as Node).children) reached.push(child); } → {}',
      ],
      why: 'What is counted too low costs a search for cycles; none is found where every span is below a root.',
    },
    {
      line: 'for (const child of (reached[i] as Node).children) reached.push(child);',
      mutants: ['CallExpression: reached.push(child); → ;'],
      why: 'What is counted too low costs a search for cycles; none is found where every span is below a root.',
    },
  ],
  'traces/vitest/assignment.ts': [
    {
      line: 'if (reduced < (least[j] as number)) {',
      mutants: [
        'EqualityOperator: reduced < (least[j] as number) → reduced <= (least[j] as number)',
      ],
      why: 'Of two ways that cost the same either may be taken: the sum is as large.',
    },
    {
      line: 'if ((least[j] as number) < step) {',
      mutants: ['EqualityOperator: (least[j] as number) < step → least[j] as number <= step'],
      why: 'Of two columns that cost the same either may be taken: the sum is as large.',
    },
  ],
  'traces/vitest/toAttributePause.ts': [
    {
      line: "const called = on.kind === 'client' ? (trace.get(on.spanId)?.node.children ?? []) : [];",
      mutants: [
        'ArrayDeclaration: [] → ["Stryker was here"]',
        'OptionalChaining: trace.get(on.spanId)?.node → trace.get(on.spanId).node',
      ],
      why: 'A section is of a span of the trace, so it is found.',
    },
    {
      line: 'const near = [...processes].flatMap((process) => when.get(process) ?? []);',
      mutants: ['ArrayDeclaration: [] → ["Stryker was here"]'],
      why: 'A text has no times, and union() leaves out what does not end after its start.',
    },
  ],
  'traces/vitest/toConformToSemconv.ts': [
    {
      line: '{ only, ignore = [] }: SemconvScope = {},',
      mutants: ['ArrayDeclaration: [] → ["Stryker was here"]'],
      why: 'No rule is called that, and to ignore what is no rule changes nothing.',
    },
    {
      line: 'return `${breach?.attribute}: ${breach?.right}`;',
      mutants: [
        'OptionalChaining: breach?.attribute → breach.attribute',
        'OptionalChaining: breach?.right → breach.right',
      ],
      why: 'A group has at least one breach.',
    },
    {
      line: 'return `${first?.attribute}: ${first?.value}${times}`;',
      mutants: [
        'OptionalChaining: first?.attribute → first.attribute',
        'OptionalChaining: first?.value → first.value',
      ],
      why: 'A group has at least one breach.',
    },
  ],
  'traces/vitest/toHaveAmplification.ts': [
    {
      line: 'if (pauses.size !== 1 || pause === undefined || pause.service !== service) return [];',
      mutants: ['ConditionalExpression: pause === undefined → false'],
      why: 'One pause is one that is there; the type does not know.',
    },
    {
      line: 'if (call === null || usualNano === null) return [];',
      mutants: ['ConditionalExpression: usualNano === null → false'],
      why: 'Without a usual latency nothing is made of the victims: an error is thrown.',
    },
    {
      line: 'if (usualNano === null || victims.length === 0) {',
      mutants: ['ConditionalExpression: usualNano === null → false'],
      why: 'Without a usual latency there are no victims.',
    },
    {
      line: 'const nearest = victims.reduce((a, b) => (distance(b, ratio) < distance(a, ratio) ? b : a));',
      mutants: [
        'EqualityOperator: distance(b, ratio) < distance(a, ratio) → distance(b, ratio) <= distance(a, ratio)',
      ],
      why: 'Of two victims as near either may be shown.',
    },
    {
      line: 'if (longest === null || nano > longest.nano) longest = { view, nano };',
      mutants: ['EqualityOperator: nano > longest.nano → nano >= longest.nano'],
      why: 'Of two calls as long either may be shown.',
    },
  ],
  'traces/vitest/toHaveCriticalPath.ts': [
    {
      line: 'return sections.map(({ span }) => span).filter((span, i, list) => span !== list[i - 1]);',
      mutants: ['ArithmeticOperator: i - 1 → i + 1'],
      why: 'Of a span that follows itself the last one is kept then, not the first: it is the same.',
    },
    {
      line: 'const again = (lastAt.get(last) ?? i) > i ? last : null;',
      mutants: [
        'ConditionalExpression: (lastAt.get(last) ?? i) > i → true',
        'EqualityOperator: (lastAt.get(last) ?? i) > i → (lastAt.get(last) ?? i) >= i',
      ],
      why: 'Saves telling apart spans that do not come again, and cannot follow themselves.',
    },
    {
      line: "let reached = new Map<string, readonly [number, Span | null]>([['', [0, null]]]);",
      mutants: ['StringLiteral: \'\' → "Stryker was here!"'],
      why: 'Keys only tell its entries apart, and it has one.',
    },
  ],
  'traces/vitest/toHaveRetries.ts': [
    {
      line: 'return `${made.length} attempts of ${first ? serviceOf(first) : \'\'} "${first?.name}" (by ${evidence})`;',
      mutants: [
        'StringLiteral: \'\' → "Stryker was here!"',
        'OptionalChaining: first?.name → first.name',
      ],
      why: 'A call that was made again has a first attempt.',
    },
  ],
  'traces/vitest/toHaveSpanTree.ts': [
    {
      line: "if (wanted.length === 0 && rules.mode !== 'exact') {",
      mutants: [
        "ConditionalExpression: wanted.length === 0 && rules.mode !== 'exact' → false",
        "BlockStatement: { return { fit: true, matched: 1, notes: () => noteAll([view], 'fits') }; } → {}",
      ],
      why: 'Saves asking the children of a span when none is wanted: the same comes of no patterns.',
    },
    {
      line: 'if (j === null) own.push(`has no child ${show(wanted[i]?.own)}`);',
      mutants: ['OptionalChaining: wanted[i]?.own → wanted[i].own'],
      why: 'What is taken has an entry for each pattern.',
    },
    {
      line: 'return own.length > 0 ? new Map([[view.span.spanId, own], ...notes]) : notes;',
      mutants: [
        'ConditionalExpression: own.length > 0 → true',
        'EqualityOperator: own.length > 0 → own.length >= 0',
      ],
      why: 'An empty list adds no line, and a span above one with a note is kept as it is.',
    },
    {
      line: 'for (let j = 0; j < row.length; j++) {',
      mutants: ['EqualityOperator: j < row.length → j <= row.length'],
      why: 'Behind the last child there is no attempt, so none that fits.',
    },
    {
      line: '.filter((at) => (starts[at] as bigint) > next - toleranceNano)',
      mutants: [
        'EqualityOperator: (starts[at] as bigint) > next - toleranceNano → starts[at] as bigint >= next - toleranceNano',
      ],
      why: 'What started earlier by just the tolerance is not taken any more, near or not.',
    },
    {
      line: 'if (failed.size > mostOrders) {',
      mutants: ['EqualityOperator: failed.size > mostOrders → failed.size >= mostOrders'],
      why: 'It is there so that the search ends in time: one order more or less decides nothing.',
    },
    {
      line: "return walk(0, null, []) ? 'undetermined' : false;",
      mutants: ['ArrayDeclaration: [] → ["Stryker was here"]'],
      why: 'No child has that for an index, and the first step drops it, as it has no start.',
    },
    {
      line: 'result?.fit === true && (earliest === null || (starts[at] as bigint) >= earliest),',
      mutants: ['ConditionalExpression: earliest === null → false'],
      why: 'Compared with null, a time is compared with 0: none is below it.',
    },
    {
      line: 'for (const [id, lines] of choices[i]?.[j]?.notes() ?? []) {',
      mutants: ['ArrayDeclaration: [] → ["Stryker was here"]'],
      why: 'There is an attempt where a child is taken.',
    },
    {
      line: 'const misses = best === null ? nearestMisses(trace, top.own) : [];',
      mutants: [
        'ConditionalExpression: best === null → true',
        'ArrayDeclaration: [] → ["Stryker was here"]',
      ],
      why: 'They are read only where no span fits the top.',
    },
    {
      line: 'const results = taken.map((j, k) => (j === null ? null : (choices[k]?.[j] ?? null)));',
      mutants: ['ConditionalExpression: j === null → false'],
      why: 'No row has an attempt of the name null.',
    },
    {
      line: 'const results = taken.map((j, k) => (j === null ? null : (choices[k]?.[j] ?? null)));',
      mutants: ['OptionalChaining: choices[k]?.[j] → choices[k][j]'],
      why: 'There is a row for each pattern, and an attempt where a child is taken.',
    },
    {
      line: 'const j = row.findIndex((result, at) => result?.fit === true && !used.has(at));',
      mutants: [
        'ArrowFunction: (result, at) => result?.fit === true && !used.has(at) → () => undefined',
        'ConditionalExpression: result?.fit === true && !used.has(at) → false',
        'BooleanLiteral: !used.has(at) → used.has(at)',
      ],
      why: 'The quick way fails more often then, and the assignment finds the same.',
    },
    {
      line: 'if (!greedy.includes(-1)) return greedy;',
      mutants: ['ConditionalExpression: !greedy.includes(-1) → false'],
      why: 'Only the quick way is left out: the assignment finds as good a one.',
    },
    {
      line: 'const result = choices[i]?.[j];',
      mutants: ['OptionalChaining: choices[i]?.[j] → choices[i][j]'],
      why: 'There is a row for each pattern, and an attempt where a child is taken.',
    },
    {
      line: 'return assign(choices.length, choices[0]?.length ?? 0, score);',
      mutants: ['OptionalChaining: choices[0]?.length → choices[0].length'],
      why: 'There is a row for each pattern, and an attempt where a child is taken.',
    },
    {
      line: 'for (const [id, lines] of choices[i]?.[j]?.notes() ?? []) {',
      mutants: [
        'OptionalChaining: choices[i]?.[j]?.notes → choices[i]?.[j].notes',
        'OptionalChaining: choices[i]?.[j] → choices[i][j]',
      ],
      why: 'There is a row for each pattern, and an attempt where a child is taken.',
    },
    {
      line: 'const next = latest === null || start > latest ? start : latest;',
      mutants: ['EqualityOperator: start > latest → start >= latest'],
      why: 'Of two equal times it is the same which is taken.',
    },
  ],
  'traces/vitest/toMatchTraceSnapshot.ts': [
    {
      line: "return sentence(Snapshots.toMatchSnapshot.call(state, text, hint), 'toMatchTraceSnapshot');",
      mutants: ['StringLiteral: \'toMatchTraceSnapshot\' → ""'],
      why: 'Only a snapshot that does not match shows it: traceSnapshotFile.test.ts does so, in a vitest of its own.',
    },
    {
      line: "return sentence(result, 'toMatchTraceInlineSnapshot');",
      mutants: ['StringLiteral: \'toMatchTraceInlineSnapshot\' → ""'],
      why: 'Only a snapshot that does not match shows it: traceSnapshotFile.test.ts does so, in a vitest of its own.',
    },
  ],
  'traces/vitest/traceSnapshot.ts': [
    {
      line: "const below = children.map(({ count, branch }) => `${count} ${branch.hash}`).join('');",
      mutants: ['StringLiteral: \'\' → "Stryker was here!"'],
      why: 'It is only hashed: with or without a separator, others are told apart by counts and hashes.',
    },
    {
      line: 'if (found.size < 2) return [...found.values()];',
      mutants: ['ConditionalExpression: found.size < 2 → false'],
      why: 'Saves sorting what is one or none.',
    },
    {
      line: ".map((each) => ({ ...each, key: each.branch.text.join('\\n') + each.branch.hash }))",
      mutants: ['StringLiteral: \'\\n\' → ""'],
      why: 'A further line begins with two blanks, and sorts below what a longer first line goes on with either way.',
    },
    {
      line: '.sort((a, b) => (a.key < b.key ? -1 : 1));',
      mutants: ['EqualityOperator: a.key < b.key → a.key <= b.key'],
      why: 'Keys end in hashes, and no two of those are the same.',
    },
    {
      line: 'function readingOf({ keep = [], without = [] }: SnapshotShape): Reading {',
      mutants: ['ArrayDeclaration: [] → ["Stryker was here"]'],
      why: 'Only an attribute of that very name could tell.',
    },
    {
      line: 'if (value === undefined) {',
      mutants: ['ConditionalExpression: value === undefined → true'],
      why: 'Saves reading again what was read.',
    },
    {
      line: 'found.set(text, value);',
      mutants: ['CallExpression: found.set(text, value); → ;'],
      why: 'Saves reading again what was read.',
    },
  ],
  'traces/vitest/tolerance.ts': [
    {
      line: 'if (minMs !== undefined && minMs > 0) {',
      mutants: ['ConditionalExpression: minMs !== undefined → true'],
      why: 'Undefined is not above 0, which the type does not know.',
    },
    {
      line: 'if (maxMs !== undefined && Number.isFinite(maxMs)) {',
      mutants: ['ConditionalExpression: maxMs !== undefined → true'],
      why: 'Undefined is not finite, which the type does not know.',
    },
  ],
};
