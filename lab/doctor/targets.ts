/** A part of the stack, where it is, and how a person says that it is elsewhere. */
export interface Target {
  /** Base URL without a slash at the end. */
  readonly url: string;
  /** Whether someone named it, rather than the default. */
  readonly asked: boolean;
  readonly option: string;
  readonly variable: string;
}

export type TargetName = 'gateway' | 'collector' | 'query' | 'prometheus';
export type Targets = Readonly<Record<TargetName, Target>>;

/** By name: the default port on this machine, and compose's variable for it. */
const places = {
  gateway: [8080, 'GATEWAY_PORT'],
  collector: [4318, 'OTLP_PORT'],
  query: [16686, 'JAEGER_PORT'],
  prometheus: [9090, 'PROMETHEUS_PORT'],
} as const;

/** Where the parts are: by option, else by variable, else on the usual port of this machine. */
export function targets(
  options: Readonly<Partial<Record<TargetName, string>>>,
  env: NodeJS.ProcessEnv,
): Targets {
  const entries = Object.entries(places).map(([name, [port, portVariable]]) => {
    const variable = `AFTERSHOCK_${name.toUpperCase()}`;
    const url = options[name as TargetName] ?? (env[variable] || undefined);
    const target: Target = {
      url: (url ?? `http://127.0.0.1:${env[portVariable] || port}`).replace(/\/+$/, ''),
      asked: url !== undefined,
      option: `--${name}`,
      variable,
    };
    return [name, target] as const;
  });
  return Object.fromEntries(entries) as Targets;
}

/** `--gateway URL or AFTERSHOCK_GATEWAY` */
export function howToSay({ option, variable }: Target): string {
  return `${option} URL or ${variable}`;
}
