import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** Bytes of one link on a 64-bit V8: map, properties, elements, `next`. */
export const LINK_BYTES = 32;

/** About 1 ms together with the collection that moves them to the old generation. */
const LINKS_PER_TURN = 10_000;

class Link {
  readonly next: Link | null;
  constructor(next: Link | null) {
    this.next = next;
  }
}

/** Live objects that every full collection has to visit. */
export interface Ballast {
  readonly links: number;
  /** Grows or shrinks to `links` in slices of about 1 ms, each in a turn of its own, `restMs` apart. */
  resize(links: number, restMs: number): Promise<void>;
}

/**
 * A singly linked list. A marker finds one new object at each, so the list can't be shared out
 * among threads, and its links lie in memory in the order in which they are visited: of the shapes
 * tried (several lists, arrays, pairs, random order) the one whose collection time depends least
 * on what else the machine does.
 *
 * @param promote a collection of the young generation. Without one after each slice V8 would copy
 *   up to 16 MB of young links at once, which is a pause of its own.
 */
export function ballast(promote: () => void): Ballast {
  let head: Link | null = null;
  let links = 0;

  return {
    get links() {
      return links;
    },
    async resize(target, restMs) {
      const growing = links < target;
      while (links !== target) {
        const step = Math.min(LINKS_PER_TURN, Math.abs(target - links));
        if (growing) {
          for (let i = 0; i < step; i++) head = new Link(head);
          links += step;
          promote();
        } else {
          for (let i = 0; i < step; i++) head = head?.next ?? null;
          links -= step;
        }
        await (restMs > 0 ? sleep(restMs) : nextTurn());
      }
    },
  };
}
