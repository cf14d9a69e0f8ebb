import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * Makes the folder of a run, `<parent>/<UTC time to the second>` with `-2`, `-3` … behind it if
 * there is one already, and points `<parent>/latest` to it.
 * @returns its path.
 * @throws {Error} if it cannot be made.
 */
export function makeRunFolder(parent: string, startedAt: Date): string {
  const name = startedAt.toISOString().slice(0, 19).replaceAll(':', '-');
  mkdirSync(parent, { recursive: true });
  for (let attempt = 1; ; attempt++) {
    const folder = attempt === 1 ? name : `${name}-${attempt}`;
    try {
      mkdirSync(join(parent, folder));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw error;
    }
    pointLatest(parent, folder);
    return resolve(parent, folder);
  }
}

function pointLatest(parent: string, folder: string): void {
  // Renamed into place, so that runs that start together do not stumble over each other.
  const link = join(parent, `.latest-${process.pid}`);
  symlinkSync(folder, link);
  renameSync(link, join(parent, 'latest'));
}
