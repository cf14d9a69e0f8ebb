import { describe, expect, test } from 'vitest';
import { VictimCount } from '../../services/kit/victims.ts';

const ms = 1000;
/** A pause from 10.000 s to 10.120 s after 1970, in microseconds. */
const stop = { kind: 'gc', startUnixMicros: 10_000 * ms, endUnixMicros: 10_120 * ms };

describe('VictimCount', () => {
  function setUp() {
    const found: [string, number][] = [];
    const victims = new VictimCount((kind, count) => found.push([kind, count]));
    const begin = (atMs: number, sentMs?: number) =>
      victims.began(atMs * ms, () =>
        sentMs === undefined ? 'vendor=x' : `aftershock=h:1;t:${sentMs * ms},vendor=x`,
      );
    return { victims, begin, found };
  }

  test('counts those in the process at the end of the pause, and nobody twice', () => {
    const { victims, begin, found } = setUp();
    begin(9000, 8999);
    victims.ended();
    begin(9950, 9949);
    begin(9999, 9998);
    victims.stopped(stop);
    victims.ended();
    victims.ended();
    expect(found).toEqual([['gc', 2]]);
  });

  test('says nothing when nobody was there', () => {
    const { victims, found } = setUp();
    victims.stopped(stop);
    expect(found).toEqual([]);
  });

  test.each([
    { when: 'sent during the pause', atMs: 10_121, sentMs: 10_050, want: 1 },
    { when: 'sent just before it, read after it', atMs: 10_125, sentMs: 9_999, want: 1 },
    { when: 'sent as it ended', atMs: 10_121, sentMs: 10_120, want: 0 },
    { when: 'sent after it', atMs: 10_122, sentMs: 10_121, want: 0 },
    { when: 'without a stamp', atMs: 10_121, sentMs: undefined, want: 0 },
    { when: 'of a clock that is five seconds behind', atMs: 10_121, sentMs: 5_121, want: 0 },
    { when: 'sent during it, but read long after', atMs: 11_241, sentMs: 10_050, want: 0 },
  ])('$want for a request $when', ({ atMs, sentMs, want }) => {
    const { victims, begin, found } = setUp();
    victims.stopped(stop);
    begin(atMs, sentMs);
    expect(found).toEqual(Array(want).fill(['gc', 1]));
  });

  test('does not look at a stamp where there was no pause lately', () => {
    const { victims } = setUp();
    const look = () => {
      throw new Error('looked');
    };
    victims.began(9_000 * ms, look);
    victims.stopped(stop);
    victims.began(20_000 * ms, look);
  });
});
