/**
 * Program of a helper process that continues a stopped one. It is turned into text and run by
 * `node --eval`, so that it also works from a bundle: it must not use anything outside itself.
 *
 * Lines on standard input: `freeze <start> <ms>`, with the start in nanoseconds of the monotonic
 * clock that both processes share, orders a SIGCONT at start + ms + `graceMs`, repeated until
 * `awake` comes (one that came before the SIGSTOP would be lost). Each line is answered by a byte
 * on standard output. The end of the input ends it.
 */
export function continuer(pid: number, graceMs: number): void {
  // A Ctrl-C reaches the whole group: it must not take the helper before the one it has to wake.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

  const { writeSync } = process.getBuiltinModule('node:fs');
  const spinMs = 1.5;
  const repeatMs = 5;
  let timer: NodeJS.Timeout | undefined;
  let input = '';
  const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

  const wakeAt = (dueMs: number) => {
    const leftMs = dueMs - nowMs();
    if (leftMs > spinMs) {
      timer = setTimeout(wakeAt, leftMs - spinMs, dueMs);
      return;
    }
    while (nowMs() < dueMs);
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      return; // It is gone: the input ends too.
    }
    timer = setTimeout(wakeAt, repeatMs, dueMs);
  };

  process.stdin.on('data', (chunk) => {
    input += chunk;
    const lines = input.split('\n');
    input = lines.pop() ?? '';
    for (const line of lines) {
      clearTimeout(timer);
      const [word, startNano, durationMs] = line.split(' ');
      writeSync(1, '.');
      if (word === 'freeze') wakeAt(Number(startNano) / 1e6 + Number(durationMs) + graceMs);
    }
  });
  process.stdin.on('end', () => clearTimeout(timer));
}
