import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type MeshOptions, meshFromOptions } from '../../lab/commands/meshOptions.ts';

// 300 ms of warm-up, 1 s of baseline, 30 s with pauses.
const mesh = fileURLToPath(new URL('fixtures/small.yaml', import.meta.url));

test('meshFromOptions() without options is the file', () => {
  const { seed, load, durations, pauses } = meshFromOptions({ mesh });
  expect({ seed, rate: load.rate, durations }).toEqual({
    seed: 1,
    rate: 50,
    durations: { warmup: 300, baseline: 1000, pauses: 30_000 },
  });
  expect(pauses).toMatchObject([{ service: 'user', kind: 'block' }]);
});

test.each<{ option: Omit<MeshOptions, 'mesh'>; want: object }>([
  { option: { seed: 0 }, want: { seed: 0 } },
  { option: { rate: 2.5 }, want: { load: { rate: 2.5, arrivals: 'constant' } } },
  { option: { pause: [] }, want: { pauses: [] } },
  // In proportion …
  { option: { duration: 90_000 }, want: { durations: { baseline: 3000, pauses: 90_000 } } },
  // … but never below what the file has, or 2 s.
  { option: { duration: 3000 }, want: { durations: { baseline: 1000, pauses: 3000 } } },
])('meshFromOptions($option) changes $want', ({ option, want }) => {
  expect(meshFromOptions({ mesh, ...option })).toMatchObject(want);
});
