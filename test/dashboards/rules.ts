import { globSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface RuleYaml {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Every rule of Prometheus with the file that it stands in. */
export function rules(): readonly (RuleYaml & { readonly file: string })[] {
  const folder = new URL('../../dashboards/prometheus/rules/', import.meta.url);
  return globSync('*.rules.yaml', { cwd: folder })
    .toSorted()
    .flatMap((file) => {
      const { groups } = parse(readFileSync(new URL(file, folder), 'utf8')) as {
        groups: { rules: RuleYaml[] }[];
      };
      return groups.flatMap((group) => group.rules.map((rule) => ({ ...rule, file })));
    });
}
