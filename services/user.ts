import { runProgram } from './kit/main.ts';
import { Problem } from './kit/problem.ts';
import { combine, type RunningService, type StartOptions, startService } from './kit/service.ts';
import { openUsers } from './kit/users.ts';

/** Looks a user up in the SQLite database of its own process. */
export function start(options: StartOptions): Promise<RunningService> {
  return startService(options, ({ get, onStop, settings, tracer }) => {
    const users = openUsers(settings.database, tracer);
    onStop(users.close);

    get('/users/:id', async ({ id, headers, runScript }) => {
      const user = users.find(id);
      if (user === undefined) throw new Problem(404, 'no-such-user', `There is no user ${id}`);
      return combine(user, await runScript(headers.authorization));
    });
  });
}

if (import.meta.main) runProgram('user', start);
