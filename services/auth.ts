import { runProgram } from './kit/main.ts';
import { combine, type RunningService, type StartOptions, startService } from './kit/service.ts';
import { tokenCheck } from './kit/token.ts';

/** Lets a request through whose token is good. */
export function start(options: StartOptions): Promise<RunningService> {
  return startService(options, ({ get, settings }) => {
    const check = tokenCheck(settings.tokenSecret);

    get('/users/:id', async ({ headers, runScript }) => {
      await check(headers.authorization);
      return combine(null, await runScript(headers.authorization));
    });
  });
}

if (import.meta.main) runProgram('auth', start);
