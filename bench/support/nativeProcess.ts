import { readFileSync } from 'node:fs';
import { Program, type ProgramOptions } from '../../test/interop/tools/program.ts';
import { until } from '../../test/interop/tools/until.ts';

/** Clock ticks of `/proc/<pid>/stat`: 100 a second on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** A collector, or Jaeger, which is one, as a native process with figures. Linux. */
export class NativeProcess {
  readonly #program: Program;
  readonly #metricsUrl: string;

  private constructor(program: Program, metricsUrl: string) {
    this.#program = program;
    this.#metricsUrl = metricsUrl;
  }

  /** @param metricsUrl where it publishes its own metrics. */
  static async start(options: ProgramOptions, metricsUrl: string): Promise<NativeProcess> {
    return new NativeProcess(await Program.start(options), metricsUrl);
  }

  /** User and system time of all its threads since it started. */
  cpuSeconds(): number {
    // After the name, which may hold spaces and brackets: utime and stime are fields 14 and 15.
    const stat = readFileSync(`/proc/${this.#program.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  rssBytes(): number {
    const status = readFileSync(`/proc/${this.#program.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  /** The sum of one of its counters or gauges over all label sets; `_total` may follow the name. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(this.#metricsUrl)).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name}_total{`))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Resolves when the counter or gauge has come to `value`. */
  async reaches(name: string, value: number): Promise<void> {
    await until(`${name} to reach ${value}`, 60_000, async () =>
      (await this.metric(name)) >= value ? true : undefined,
    );
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }
}
