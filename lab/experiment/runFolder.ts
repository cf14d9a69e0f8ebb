import { existsSync, mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * Makes the folder of a run, `<parent>/<UTC time to the second>` with `-2`, `-3` … behind it if
 * there is one already, and points `<parent>/latest` to it.
 * @returns its path.
 * @throws {Error} if it cannot be made.
 */
export function makeRunFolder(parent: string, startedAt: Date): string {
  const name = startedAt.toISOString().slice(0, 19).replaceAll(':', '-');
  makeWithParents(resolve(parent));
  for (let attempt = 1; ; attempt++) {
    const folder = attempt === 1 ? name : `${name}-${attempt}`;
    if (!makeUnlessThere(join(parent, folder))) continue;
    pointLatest(parent, folder);
    return resolve(parent, folder);
  }
}

/** Node's own way, `recursive`, never ends in a file system where nothing can be made, as in `/proc`. */
function makeWithParents(folder: string): void {
  if (existsSync(folder)) return;
  makeWithParents(dirname(folder));
  makeUnlessThere(folder);
}

/** False: there is one already. */
function makeUnlessThere(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function pointLatest(parent: string, folder: string): void {
  // Renamed into place, so that runs that start together do not stumble over each other.
  const link = join(parent, `.latest-${process.pid}`);
  symlinkSync(folder, link);
  renameSync(link, join(parent, 'latest'));
}
