import { expect, test } from 'vitest';
import { CoreWait } from '../../pauses/detector/coreWait.ts';

test('CoreWait says for each rest what the kernel says, and asks it once', () => {
  const said = [3, 5];
  const wait = new CoreWait(() => said.shift() ?? null);
  expect([wait.endingRest(100, 20), wait.endingRest(100, 20)]).toEqual([3, 3]);
  expect(wait.endingRest(130, 20)).toBe(5);
  expect(wait.endingRest(140, 20)).toBe(0);
});

test('CoreWait says no more than the rest was long', () => {
  expect(new CoreWait(() => 7).endingRest(100, 2)).toBe(2);
});
